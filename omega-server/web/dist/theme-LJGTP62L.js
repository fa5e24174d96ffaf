"use strict";(()=>{try{let e=localStorage.getItem("omega.theme");(e==="light"||e==="dark")&&(document.documentElement.dataset.theme=e)}catch{}})();
