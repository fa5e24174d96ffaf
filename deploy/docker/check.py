"""Holds compose.yaml together: what a service names is there, and what it needs from .env is in environment.example."""

import re
import sys
from pathlib import Path

import yaml

folder = Path(sys.argv[1])
text = (folder / "compose.yaml").read_text()
compose = yaml.safe_load(text)
services = compose["services"]
faults = []
for name, service in services.items():
    for network in service.get("networks", []):
        if network not in compose["networks"]:
            faults.append(f"{name}: no network {network}")
    for volume in service.get("volumes", []):
        source = volume.split(":")[0]
        if source.startswith("."):
            if not (folder / source).exists():
                faults.append(f"{name}: no file {source}")
        elif source not in compose["volumes"]:
            faults.append(f"{name}: no volume {source}")
    for other in service.get("depends_on", {}):
        if other not in services:
            faults.append(f"{name}: no service {other}")
for other in re.findall(r"(?:http://|\b)((?:omega|executor)-\d):\d+", text + (folder / "Caddyfile").read_text()):
    if other not in services:
        faults.append(f"no service {other}")
known = set(re.findall(r"^(\w+)=", (folder / "environment.example").read_text(), re.M))
wanted = set(re.findall(r"\$\{(\w+)", text))
faults += [f"environment.example: {name} is missing" for name in wanted - known]
faults += [f"environment.example: nobody reads {name}" for name in known - wanted]
subnet = compose["networks"]["front"]["ipam"]["config"][0]["subnet"]
if any(service.get("environment", {}).get("OMEGA_TRUSTED_PROXIES", subnet) != subnet for service in services.values()):
    faults.append("the trusted proxies are not the network of the proxy")
print("\n".join(faults), end="\n" if faults else "")
sys.exit(bool(faults))
