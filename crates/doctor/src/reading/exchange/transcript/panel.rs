//! Messages told part by part under headings: a browser's network panel, kubectl's and other clients' debug logs.

use super::{Exchange, Header, Place, Request, Response, Side, Transcript, message, start};

/// A heading.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) enum Heading {
    Url,
    Method,
    Status,
    Aside,
    RequestHead,
    ResponseHead,
    RequestBody,
    ResponseBody,
}

const HEADINGS: &[(&str, Heading)] = &[
    ("Request URL", Heading::Url),
    ("Request Method", Heading::Method),
    ("Status Code", Heading::Status),
    ("Remote Address", Heading::Aside),
    ("Referrer Policy", Heading::Aside),
    ("Request Headers", Heading::RequestHead),
    ("Response Headers", Heading::ResponseHead),
    ("Request Payload", Heading::RequestBody),
    ("Request Body", Heading::RequestBody),
    ("Form Data", Heading::RequestBody),
    ("Response Body", Heading::ResponseBody),
];

impl Transcript {
    /// Takes the line as a heading, as the value of the heading before it, or as the first pseudo-field of a head.
    pub(super) fn labelled(&mut self, number: usize, line: &str) -> bool {
        let text = line.trim();
        if let Some(heading) = self.heading.take_if(|_| !text.is_empty()) {
            self.told(number, heading, text);
            return true;
        }
        let outside = matches!(self.place, Place::Outside | Place::Output);
        let unanswered = self.place == Place::Body(Side::Request) && self.exchanges.last().is_some_and(|last| last.response.is_none());
        let asks = [":authority:", ":method:", ":path:", ":scheme:"].iter().any(|name| text.starts_with(name));
        if (outside && asks) || ((outside || unanswered) && text.starts_with(":status:")) {
            return self.pseudo(number, text);
        }
        let in_body = match self.place {
            Place::Body(side) => !self.panel && !message::body(self.exchanges.last(), side).is_empty(),
            _ => false,
        };
        let Some((heading, value)) = heading(text).filter(|_| !in_body) else { return false };
        let begins = matches!(heading, Heading::Url | Heading::Aside);
        let due = self.panel || self.announced || (outside && begins) || heading == Heading::RequestHead;
        if !due && !matches!(self.place, Place::Head(_)) {
            return false;
        }
        self.panel |= heading == Heading::Url;
        let waits = matches!(heading, Heading::Url | Heading::Method | Heading::Status | Heading::Aside);
        match value.is_empty() && waits {
            true => self.heading = Some(heading),
            false => self.told(number, heading, value),
        }
        true
    }

    fn told(&mut self, number: usize, heading: Heading, value: &str) {
        self.close();
        self.decoration.clear();
        self.place = Place::Outside;
        match heading {
            Heading::Url => {
                let request = Request { url: value.to_owned(), line: number, ..Request::default() };
                self.push(Exchange { request: Some(request), ..Exchange::default() });
                self.certain = true;
                self.announced = true;
            }
            Heading::Method => {
                if let Some(request) = self.exchanges.last_mut().and_then(|last| last.request.as_mut()) {
                    value.clone_into(&mut request.method);
                }
            }
            Heading::Status => {
                let digits = value.trim_start_matches(|letter: char| !letter.is_ascii_digit());
                if let Some(status) = digits.get(..3).and_then(start::code) {
                    self.respond(Response { status, line: number, ..Response::default() });
                }
            }
            Heading::Aside => {}
            Heading::RequestHead => {
                self.part(number, Side::Request);
                self.place = Place::Head(Side::Request);
            }
            Heading::ResponseHead => {
                self.part(number, Side::Response);
                self.place = Place::Head(Side::Response);
            }
            Heading::RequestBody => self.body_part(number, Side::Request, value),
            Heading::ResponseBody => self.body_part(number, Side::Response, value),
        }
    }

    fn body_part(&mut self, number: usize, side: Side, value: &str) {
        self.part(number, side);
        self.place = Place::Body(side);
        if !value.is_empty() {
            self.body_line(side, value);
        }
    }

    /// Makes sure that the last exchange has this side.
    fn part(&mut self, line: usize, side: Side) {
        if self.exchanges.is_empty() {
            self.push(Exchange::default());
        }
        let Some(last) = self.exchanges.last_mut() else { return };
        match side {
            Side::Request => _ = last.request.get_or_insert_with(|| Request { line, ..Request::default() }),
            Side::Response => _ = last.response.get_or_insert_with(|| Response { line, ..Response::default() }),
        }
    }

    fn pseudo(&mut self, number: usize, text: &str) -> bool {
        let Some((name, value)) = message::header(text) else { return false };
        self.close();
        self.decoration.clear();
        let header = Header { name: name.to_owned(), value: value.to_owned(), line: number };
        match name {
            ":status" => {
                self.respond(Response { line: number, ..Response::default() });
                self.place = Place::Head(Side::Response);
                self.headers(Side::Response).into_iter().for_each(|headers| headers.0.push(header.clone()));
            }
            _ => {
                self.push(Exchange { request: Some(Request { line: number, ..Request::default() }), ..Exchange::default() });
                self.place = Place::Head(Side::Request);
                self.headers(Side::Request).into_iter().for_each(|headers| headers.0.push(header.clone()));
            }
        }
        self.certain = true;
        true
    }
}

fn heading(text: &str) -> Option<(Heading, &str)> {
    HEADINGS.iter().find_map(|(name, heading)| {
        let (head, rest) = text.split_at_checked(name.len())?;
        if !head.eq_ignore_ascii_case(name) {
            return None;
        }
        let rest = rest.trim();
        let value = rest.strip_prefix(':').map(str::trim);
        // `Request Headers (12)`, `Response Headers view source`.
        let plain =
            rest.is_empty() || rest.starts_with('(') || rest.eq_ignore_ascii_case("view source") || rest.eq_ignore_ascii_case("raw");
        match value {
            Some(value) => Some((*heading, value)),
            None => plain.then_some((*heading, "")),
        }
    })
}
