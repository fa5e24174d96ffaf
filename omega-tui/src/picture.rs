//! Pictures that tools give: what of an output is one, how large it is, and how a terminal is told to show it.
//!
//! Nothing is decoded here but base64: a terminal that can show pictures reads PNG itself (kitty's protocol) or nearly
//! anything (iTerm2's). A picture is known by its own first bytes, never by what somebody says of it.

use base64::{Engine, engine::general_purpose::STANDARD};
use ratatui::layout::Rect;
use serde_json::Value;
use std::{fmt, sync::Arc};

/// Larger ones are said to be there, and not shown.
const LARGEST: usize = 8 << 20;
/// Base64 in one piece of kitty's protocol at most.
const PIECE: usize = 4096;
/// Cells of a terminal that doesn't say how large they are, in pixels.
const CELL: (u32, u32) = (8, 16);
/// The name of a picture at the terminal: there is one at a time.
const ID: u32 = 8634;

/// How a picture is written.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Format {
    Png,
    Jpeg,
    Gif,
    Webp,
}

impl Format {
    /// The ending of a file with it.
    pub fn ending(self) -> &'static str {
        match self {
            Self::Png => "png",
            Self::Jpeg => "jpg",
            Self::Gif => "gif",
            Self::Webp => "webp",
        }
    }
}

impl fmt::Display for Format {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Png => "PNG",
            Self::Jpeg => "JPEG",
            Self::Gif => "GIF",
            Self::Webp => "WebP",
        })
    }
}

/// A picture, and what its first bytes say of it.
#[derive(Clone, PartialEq, Eq)]
pub struct Picture {
    pub format: Format,
    /// In pixels.
    pub width: u32,
    pub height: u32,
    pub bytes: Arc<[u8]>,
}

impl fmt::Debug for Picture {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{self} of {} bytes", self.bytes.len())
    }
}

impl fmt::Display for Picture {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} picture, {} × {} pixels", self.format, self.width, self.height)
    }
}

/// The picture that an output is: a `data:` address, data with its media type beside it, or a list of just that.
pub fn of(value: &Value) -> Option<Picture> {
    match value {
        Value::String(text) => {
            let (head, data) = text.trim().strip_prefix("data:image/")?.split_once(',')?;
            decoded(data).filter(|_| head.ends_with(";base64"))
        }
        Value::Array(list) => match list.as_slice() {
            [only] => of(only),
            _ => None,
        },
        Value::Object(fields) => {
            let media = ["mimeType", "mediaType", "contentType", "mime"].iter().find_map(|name| fields.get(*name));
            let is_image = media.and_then(Value::as_str).is_some_and(|media| media.starts_with("image/"));
            let data = ["data", "base64", "blob"].iter().find_map(|name| fields.get(*name)).and_then(Value::as_str);
            match data.filter(|_| is_image) {
                Some(data) => decoded(data.trim()).or_else(|| of(&Value::from(data))),
                // What an MCP server answers, or one address with a name.
                None if fields.len() == 1 || fields.contains_key("content") => {
                    of(fields.get("content").or_else(|| fields.values().next())?)
                }
                None => None,
            }
        }
        _ => None,
    }
}

fn decoded(data: &str) -> Option<Picture> {
    if data.len() > LARGEST / 3 * 4 {
        return None;
    }
    let bytes = STANDARD.decode(data).ok()?;
    let (format, (width, height)) = read(&bytes)?;
    (width > 0 && height > 0).then(|| Picture { format, width, height, bytes: bytes.into() })
}

fn read(bytes: &[u8]) -> Option<(Format, (u32, u32))> {
    let big = |at: usize| Some(u32::from_be_bytes(bytes.get(at..at + 4)?.try_into().ok()?));
    let little = |at: usize| Some(u32::from(u16::from_le_bytes(bytes.get(at..at + 2)?.try_into().ok()?)));
    if bytes.starts_with(b"\x89PNG\r\n\x1a\n") && bytes.get(12..16)? == b"IHDR" {
        return Some((Format::Png, (big(16)?, big(20)?)));
    }
    if bytes.starts_with(b"GIF87a") || bytes.starts_with(b"GIF89a") {
        return Some((Format::Gif, (little(6)?, little(8)?)));
    }
    if bytes.starts_with(b"\xff\xd8\xff") {
        return Some((Format::Jpeg, jpeg_size(bytes)?));
    }
    if bytes.starts_with(b"RIFF") && bytes.get(8..12)? == b"WEBP" {
        return Some((Format::Webp, webp_size(bytes)?));
    }
    None
}

/// From the segment that begins a frame, over those before it.
fn jpeg_size(bytes: &[u8]) -> Option<(u32, u32)> {
    let mut at = 2;
    loop {
        let marker = bytes.get(at..at + 4)?;
        let length = usize::from(u16::from_be_bytes([marker[2], marker[3]]));
        match (marker[0], marker[1]) {
            (0xFF, 0xFF) => at += 1,
            // Every frame but tables, which stand among these numbers.
            (0xFF, 0xC0..=0xCF) if !matches!(marker[1], 0xC4 | 0xC8 | 0xCC) => {
                let size = bytes.get(at + 5..at + 9)?;
                let side = |a: u8, b: u8| u32::from(u16::from_be_bytes([a, b]));
                return Some((side(size[2], size[3]), side(size[0], size[1])));
            }
            (0xFF, _) => at += 2 + length.max(2),
            _ => return None,
        }
    }
}

fn webp_size(bytes: &[u8]) -> Option<(u32, u32)> {
    let byte = |at: usize| bytes.get(at).map(|byte| u32::from(*byte));
    let pair = |at: usize| Some(byte(at)? | byte(at + 1)? << 8);
    Some(match bytes.get(12..16)? {
        b"VP8 " => (pair(26)? & 0x3FFF, pair(28)? & 0x3FFF),
        b"VP8L" => {
            let bits = pair(21)? | pair(23)? << 16;
            ((bits & 0x3FFF) + 1, (bits >> 14 & 0x3FFF) + 1)
        }
        b"VP8X" => ((pair(24)? | byte(26)? << 16) + 1, (pair(27)? | byte(29)? << 16) + 1),
        _ => return None,
    })
}

/// What a terminal can show.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Showing {
    #[default]
    Nothing,
    /// Kitty's protocol, which kitty, Ghostty, WezTerm and Konsole read.
    Kitty,
    /// iTerm2's.
    Iterm,
}

impl Showing {
    /// By what the terminal answered, and by what names itself where no question is answered. A multiplexer would put the
    /// picture into whichever of its windows is in front.
    pub fn of(answers_kitty: bool, var: impl Fn(&str) -> Option<String>) -> Self {
        let is = |name: &str, value: &str| var(name).is_some_and(|it| it == value);
        let is_set = |name: &str| var(name).is_some_and(|it| !it.is_empty());
        if is_set("TMUX") || is_set("STY") || is_set("ZELLIJ") {
            Self::Nothing
        } else if answers_kitty {
            Self::Kitty
        } else if is("TERM_PROGRAM", "iTerm.app") || is("LC_TERMINAL", "iTerm2") || is("TERM_PROGRAM", "WezTerm") {
            Self::Iterm
        } else {
            Self::Nothing
        }
    }

    pub fn can(self, picture: &Picture) -> bool {
        match self {
            Self::Nothing => false,
            Self::Kitty => picture.format == Format::Png,
            Self::Iterm => true,
        }
    }
}

/// A picture in its place.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Placed {
    pub picture: Picture,
    /// In cells.
    pub area: Rect,
}

impl Placed {
    /// As large as the picture is, or as the room; `cell` is the size of a cell in pixels, where the terminal says it.
    pub fn within(picture: Picture, room: Rect, cell: Option<(u32, u32)>) -> Option<Self> {
        let (wide, high) = cell.filter(|(wide, high)| *wide > 0 && *high > 0).unwrap_or(CELL);
        let most = (f64::from(room.width) * f64::from(wide), f64::from(room.height) * f64::from(high));
        let (width, height) = (f64::from(picture.width), f64::from(picture.height));
        let scale = (most.0 / width).min(most.1 / height).min(1.0);
        let cells =
            |pixels: f64, cell: u32, most: u16| (1..=most).find(|n| f64::from(*n) * f64::from(cell) >= pixels - 0.5);
        let columns = cells(width * scale, wide, room.width)?;
        let rows = cells(height * scale, high, room.height)?;
        Some(Self { picture, area: Rect { width: columns, height: rows, ..room } })
    }

    /// What shows it, for a terminal that can.
    pub fn sequence(&self, showing: Showing) -> String {
        let Rect { x, y, width, height } = self.area;
        let data = STANDARD.encode(&self.picture.bytes);
        let shown = match showing {
            Showing::Nothing => return String::new(),
            Showing::Iterm => {
                let size = self.picture.bytes.len();
                format!(
                    "\x1b]1337;File=inline=1;size={size};width={width};height={height};preserveAspectRatio=1:{data}\x07"
                )
            }
            Showing::Kitty => {
                let pieces: Vec<&str> =
                    data.as_bytes().chunks(PIECE).filter_map(|it| std::str::from_utf8(it).ok()).collect();
                let last = pieces.len().saturating_sub(1);
                let piece = |(at, piece): (usize, &&str)| {
                    let more = u8::from(at < last);
                    match at {
                        0 => format!("\x1b_Ga=T,f=100,i={ID},c={width},r={height},C=1,q=2,m={more};{piece}\x1b\\"),
                        _ => format!("\x1b_Gq=2,m={more};{piece}\x1b\\"),
                    }
                };
                pieces.iter().enumerate().map(piece).collect()
            }
        };
        // Where the cursor is afterwards is for the text to say.
        format!("\x1b7\x1b[{};{}H{shown}\x1b8", y + 1, x + 1)
    }
}

/// What takes the picture away again that is shown; nothing where only new cells over it do.
pub fn gone(showing: Showing) -> Option<String> {
    (showing == Showing::Kitty).then(|| format!("\x1b_Ga=d,d=I,i={ID},q=2\x1b\\"))
}

/// The question whether a terminal reads kitty's protocol, and how the answer begins.
pub const ASKS: &str = "\x1b_Gi=31,s=1,v=1,a=q,t=d,f=24;AAAA\x1b\\";
pub const ANSWERS: &str = "\x1b_Gi=31;";

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;
    use serde_json::json;

    /// The smallest picture of each kind, as far as it is read: 3 wide and 2 high.
    fn smallest(format: Format) -> Vec<u8> {
        match format {
            Format::Png => {
                [b"\x89PNG\r\n\x1a\n\0\0\0\x0dIHDR".as_slice(), &[0, 0, 0, 3, 0, 0, 0, 2, 8, 2, 0, 0, 0]].concat()
            }
            Format::Gif => b"GIF89a\x03\0\x02\0\0\0\0".to_vec(),
            Format::Jpeg => {
                [b"\xff\xd8\xff\xe0\0\x04ab\xff\xc4\0\x02\xff\xc2\0\x0b\x08\0\x02\0\x03".as_slice(), &[1, 1, 0, 0]]
                    .concat()
            }
            Format::Webp => [b"RIFF\0\0\0\0WEBPVP8X\0\0\0\0\0\0\0\0".as_slice(), &[2, 0, 0, 1, 0, 0]].concat(),
        }
    }

    fn data(format: Format) -> String {
        STANDARD.encode(smallest(format))
    }

    #[test]
    fn a_picture_is_known_by_its_first_bytes_wherever_it_stands() {
        for format in [Format::Png, Format::Gif, Format::Jpeg, Format::Webp] {
            let data = data(format);
            for value in [
                json!(format!("data:image/png;base64,{data}")),
                json!({ "type": "image", "data": data, "mimeType": "image/png" }),
                json!({ "content": [{ "type": "image", "data": data, "mimeType": "image/png" }] }),
                json!({ "url": format!("data:image/x;base64,{data}") }),
                json!([{ "base64": format!("data:image/x;base64,{data}"), "mediaType": "image/gif" }]),
            ] {
                let picture = of(&value).unwrap_or_else(|| panic!("{format}: {value}"));
                assert_eq!((picture.format, picture.width, picture.height), (format, 3, 2), "{value}");
            }
        }
    }

    #[test]
    fn what_is_none_is_none() {
        let png = data(Format::Png);
        for value in [
            json!("data:image/png;base64,AAAA"),
            json!("data:image/png,AAAA"),
            json!(format!("data:text/plain;base64,{png}")),
            json!({ "data": png }),
            json!({ "data": png, "mimeType": "text/plain" }),
            json!([png, png]),
            json!({ "n": 1, "url": format!("data:image/png;base64,{png}") }),
            json!("data:image/png;base64,"),
            json!(null),
        ] {
            assert_eq!(of(&value), None, "{value}");
        }
    }

    #[test]
    fn a_picture_fits_into_its_room_and_keeps_its_form() {
        let picture = |width, height| Picture { format: Format::Png, width, height, bytes: Arc::new([]) };
        let room = Rect::new(2, 3, 80, 20);
        for ((width, height), cells) in
            [((80, 32), (10, 2)), ((6400, 320), (80, 2)), ((10, 6400), (1, 20)), ((1, 1), (1, 1))]
        {
            let placed = Placed::within(picture(width, height), room, None).unwrap();
            assert_eq!((placed.area.width, placed.area.height), cells, "{width} × {height}");
            assert_eq!((placed.area.x, placed.area.y), (2, 3));
        }
        assert_eq!(Placed::within(picture(9, 9), Rect::new(0, 0, 0, 5), None), None);
    }

    #[test]
    fn each_terminal_is_told_in_its_own_words_and_a_multiplexer_in_none() {
        let with = |pairs: &'static [(&str, &str)]| {
            move |name: &str| pairs.iter().find(|(it, _)| *it == name).map(|(_, value)| (*value).to_owned())
        };
        assert_eq!(Showing::of(true, with(&[])), Showing::Kitty);
        assert_eq!(Showing::of(false, with(&[("TERM_PROGRAM", "iTerm.app")])), Showing::Iterm);
        assert_eq!(Showing::of(false, with(&[])), Showing::Nothing);
        assert_eq!(Showing::of(true, with(&[("TMUX", "/tmp/x")])), Showing::Nothing);
        let bytes: Arc<[u8]> = vec![7; 4_000].into();
        let placed = Placed {
            picture: Picture { format: Format::Png, width: 3, height: 2, bytes: Arc::clone(&bytes) },
            area: Rect::new(2, 3, 10, 5),
        };
        let kitty = placed.sequence(Showing::Kitty);
        assert!(kitty.starts_with("\x1b7\x1b[4;3H\x1b_Ga=T,f=100,i=8634,c=10,r=5,C=1,q=2,m=1;"), "{kitty:?}");
        // The pieces are the picture, and each but the last says that more follows.
        let pieces: Vec<(&str, &str)> = kitty
            .split("\x1b_G")
            .skip(1)
            .map(|it| it.split_once("\x1b\\").unwrap().0.split_once(';').unwrap())
            .collect();
        assert_eq!(STANDARD.decode(pieces.iter().map(|(_, data)| *data).collect::<String>()).unwrap(), bytes.to_vec());
        assert!(pieces[1].0.ends_with("m=0") && pieces.len() == 2, "{pieces:?}");
        let iterm = placed.sequence(Showing::Iterm);
        assert!(
            iterm.contains("\x1b]1337;File=inline=1;size=4000;width=10;height=5;preserveAspectRatio=1:"),
            "{iterm:?}"
        );
        assert_eq!(placed.sequence(Showing::Nothing), "");
    }

    proptest! {
        /// Whatever comes behind the first bytes of a picture, nothing breaks.
        #[test]
        fn no_bytes_break_it(kind in 0..4_usize, cut in any::<prop::sample::Index>(), more in prop::collection::vec(any::<u8>(), 0..40)) {
            let mut bytes = smallest([Format::Png, Format::Gif, Format::Jpeg, Format::Webp][kind]);
            bytes.truncate(cut.index(bytes.len() + 1));
            bytes.extend(more);
            let value = json!(format!("data:image/png;base64,{}", STANDARD.encode(&bytes)));
            if let Some(picture) = of(&value) {
                prop_assert!(picture.width > 0 && picture.height > 0);
                let placed = Placed::within(picture, Rect::new(0, 0, 40, 10), Some((9, 17)));
                prop_assert!(placed.is_some_and(|it| it.area.width <= 40 && it.area.height <= 10));
            }
        }
    }
}
