//! A recording as it is read line by line: which message each line belongs to. It looks neither back nor ahead, so time
//! grows linearly with the text; the numbers of exchanges and of fields have bounds.

mod command;
mod message;
mod panel;
mod remarks;

use super::note;
use super::start::{self, Start};
use crate::dossier::{Document, DocumentKind, Exchange, Header, Headers, Request, Response};
use crate::reading::curl;

/// The most exchanges that are read of one recording.
const EXCHANGES: usize = 10_000;
/// The most header fields that are read of one recording.
const FIELDS: usize = 500_000;

/// What was read so far.
#[derive(Default)]
pub(super) struct Transcript {
    pub(super) exchanges: Vec<Exchange>,
    pub(super) documents: Vec<Document>,
    pub(super) not_seen: Vec<String>,
    /// Was there a start line that can be nothing else?
    pub(super) certain: bool,
    place: Place,
    /// Is this a file of requests, in which a start line needs no version?
    requests: bool,
    /// What stands before each line of the message: a mark, a comment's sign, an indentation.
    decoration: String,
    /// Were curl's marks seen?
    traced: bool,
    /// Is the last request only announced (a command, a URL), so that what was sent in truth may still follow?
    announced: bool,
    /// Is the last response an interim one, which the next replaces?
    interim: bool,
    /// Is a new connection or a new request under way, of which no message was seen?
    fresh: bool,
    /// Where the next request goes, as far as the tool said so.
    next_url: String,
    scheme: Option<&'static str>,
    trouble: Vec<String>,
    command: curl::Pasted,
    /// What a command printed that is no message with a head.
    output: String,
    output_line: usize,
    prompt: String,
    fenced: bool,
    /// Is there a blank line after each line of the head?
    spaced: bool,
    /// Are messages told under headings?
    panel: bool,
    /// The heading whose value is on the next line.
    heading: Option<panel::Heading>,
    fields: usize,
}

/// What the next line belongs to.
#[derive(Clone, Copy, Default, PartialEq, Eq)]
enum Place {
    #[default]
    Outside,
    Head(Side),
    Body(Side),
    /// Lines of a command that goes on.
    Command,
    /// What a command printed.
    Output,
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum Side {
    Request,
    Response,
}

impl Transcript {
    /// The transcript of a file of requests.
    pub(super) fn of_requests() -> Self {
        Self { requests: true, ..Self::default() }
    }

    /// Takes in the next line.
    pub(super) fn feed(&mut self, number: usize, line: &str) {
        if self.place == Place::Command {
            return self.continue_command(line);
        }
        if line.trim().is_empty() {
            return self.belongs(number, line);
        }
        if let Some((decoration, start)) = start::strict(line) {
            self.certain = true;
            self.decoration.clear();
            self.decoration.push_str(decoration);
            self.traced |= decoration.ends_with("< ") || decoration.ends_with("> ");
            return self.begin(number, &start, true);
        }
        if self.begins_command(number, line) || self.noted(number, line) || self.separated(line) {
            return;
        }
        if self.heading.is_none()
            && self.is_start_due()
            && let Some(start) = start::loose(line).filter(|start| self.fits(start, line))
        {
            self.decoration.clear();
            return self.begin(number, &start, false);
        }
        if self.announced
            && self.place == Place::Head(Side::Request)
            && let Some(status) = start::code(line)
        {
            // Postman's console puts the status on a line of its own.
            return self.begin(number, &Start::Response { status, reason: "" }, false);
        }
        if self.labelled(number, line) {
            return;
        }
        self.belongs(number, line);
    }

    /// Takes in a line that begins nothing.
    fn belongs(&mut self, number: usize, line: &str) {
        match self.place {
            Place::Outside | Place::Command => {}
            Place::Output => self.print(number, line),
            Place::Head(side) => self.head_line(side, number, line),
            Place::Body(side) => {
                if !self.spaced_head(side, number, line) {
                    self.body_line(side, line);
                }
            }
        }
    }

    /// Nothing follows.
    pub(super) fn end(&mut self) {
        if self.place == Place::Command {
            self.end_command();
        }
        self.close();
        self.settle_trouble();
    }

    fn begin(&mut self, number: usize, start: &Start<'_>, strict: bool) {
        self.close();
        self.spaced = false;
        self.trouble.clear();
        match *start {
            Start::Request { method, target } => self.begin_request(number, method, target, strict),
            Start::Response { status, reason } => self.begin_response(number, status, reason),
            Start::Both { method, target, status } => {
                let same = |exchange: &&mut Exchange| {
                    let url = exchange.request.as_ref().is_some_and(|request| request.url == target);
                    exchange.failure.is_some() && exchange.response.is_none() && url
                };
                match self.exchanges.last_mut().filter(same).and_then(|exchange| exchange.request.as_mut()) {
                    Some(request) => method.clone_into(&mut request.method),
                    None => self.begin_request(number, method, target, false),
                }
                self.respond(Response { status, line: number, ..Response::default() });
                self.place = Place::Outside;
            }
        }
    }

    fn begin_request(&mut self, number: usize, method: &str, target: &str, strict: bool) {
        let mut request = Request { method: method.to_owned(), url: target.to_owned(), line: number, ..Request::default() };
        let scheme = self.scheme.filter(|_| self.traced).unwrap_or_default();
        if strict && self.announced && self.exchanges.last().is_some_and(|last| message::announces(last, &request)) {
            // What was sent in truth replaces what was announced, which may know more of the URL and of the body.
            if let Some(said) = self.exchanges.pop().and_then(|last| last.request) {
                message::complete(&mut request, said);
            }
        } else if self.exchanges.last().is_some_and(message::is_tunnel) {
            self.exchanges.pop();
        }
        if request.url.starts_with('/') {
            if message::path_of(&self.next_url) == request.url {
                request.url = std::mem::take(&mut self.next_url);
            } else if !scheme.is_empty() {
                // The host follows in its field; `settle` puts it in.
                request.url.insert_str(0, scheme);
            }
        }
        self.push(Exchange { request: Some(request), ..Exchange::default() });
        (self.announced, self.fresh) = (!strict, false);
        self.place = Place::Head(Side::Request);
    }

    fn begin_response(&mut self, number: usize, status: u16, reason: &str) {
        self.respond(Response { status, line: number, ..Response::default() });
        self.interim = matches!(status, 100 | 102 | 103) || reason.to_ascii_lowercase().contains("connection established");
        self.place = Place::Head(Side::Response);
    }

    fn respond(&mut self, response: Response) {
        self.output.clear();
        self.fresh = false;
        match self.exchanges.last_mut() {
            Some(last) if last.response.is_none() || self.interim => last.response = Some(response),
            _ => self.push(Exchange { response: Some(response), ..Exchange::default() }),
        }
        self.interim = false;
    }

    fn push(&mut self, exchange: Exchange) {
        match self.exchanges.len() {
            EXCHANGES => self.not_seen.push(format!("what comes after the first {EXCHANGES} exchanges")),
            0..EXCHANGES => return self.exchanges.push(exchange),
            _ => {}
        }
        // The last place is given to the last exchange, since that is the one that matters most.
        if let Some(last) = self.exchanges.last_mut() {
            *last = exchange;
        }
        self.not_seen.dedup();
    }

    /// May a line without version begin something here?
    fn is_start_due(&self) -> bool {
        let last = self.exchanges.last();
        match self.place {
            Place::Outside => true,
            Place::Output => self.output.is_empty(),
            Place::Head(Side::Request) => true,
            Place::Body(Side::Request) => last.is_some_and(|last| last.response.is_none()),
            Place::Body(Side::Response) => last.and_then(|last| last.response.as_ref()).is_some_and(|response| response.body.is_empty()),
            Place::Head(Side::Response) | Place::Command => false,
        }
    }

    /// A status alone is an answer only where one is missing, and an address in a body is part of it.
    fn fits(&self, start: &Start<'_>, line: &str) -> bool {
        let last = self.exchanges.last();
        match start {
            Start::Response { .. } => last.is_none_or(|last| last.response.is_none() && last.failure.is_none()),
            Start::Request { .. } => {
                let bare = line.trim_start().starts_with("http");
                self.place != Place::Body(Side::Request) || (!bare && message::body(last, Side::Request).is_empty())
            }
            Start::Both { .. } => true,
        }
    }

    /// A rule, a heading of a file of requests, a Markdown fence.
    fn separated(&mut self, line: &str) -> bool {
        let trimmed = line.trim();
        let fence = trimmed.starts_with("```") || trimmed.starts_with("~~~");
        if fence {
            self.fenced = !self.fenced;
            if let Place::Body(side) = self.place
                && self.fenced
                && message::body(self.exchanges.last(), side).is_empty()
            {
                return true;
            }
        }
        let rule = line.starts_with("###") || trimmed.starts_with("---request ") || trimmed.starts_with("---response ");
        let okhttp = trimmed.starts_with("--> END ") || trimmed.starts_with("<-- END ");
        if fence || rule || okhttp {
            self.close();
            if line.starts_with("###") {
                self.settle_trouble();
                self.announced = false;
            }
            self.place = Place::Outside;
        }
        fence || rule || okhttp
    }

    fn head_line(&mut self, side: Side, number: usize, line: &str) {
        let Some(text) = message::undecorated(&self.decoration, line) else {
            // Without its mark the line is of no head any more.
            self.place = Place::Body(side);
            return if line.trim().is_empty() { self.settle(side) } else { self.settle_and_keep(side, line) };
        };
        if text.trim().is_empty() {
            if !self.spaced {
                self.place = Place::Body(side);
                self.settle(side);
            }
            return;
        }
        if self.fields >= FIELDS {
            return;
        }
        let first = self.headers(side).is_none_or(|headers| headers.0.is_empty());
        if first && text.starts_with([' ', '\t']) && side == Side::Request && self.continues_target(text.trim()) {
            return;
        }
        if first && self.decoration.trim().is_empty() && text.starts_with([' ', '\t']) {
            // A head whose start line alone lost its indentation.
            let indented = line.len() - line.trim_start().len();
            self.decoration = line.get(..indented).unwrap_or_default().to_owned();
        }
        let text = message::undecorated(&self.decoration, line).unwrap_or(text);
        if !first && text.starts_with([' ', '\t']) {
            return self.continue_header(side, text.trim());
        }
        if self.requests && (text.starts_with('#') || text.starts_with("//")) || matches!(text.trim(), "{" | "}" | "Headers:") {
            return;
        }
        match message::header(text) {
            Some((name, value)) => {
                self.fields += 1;
                let header = Header { name: name.to_owned(), value: value.to_owned(), line: number };
                self.headers(side).into_iter().for_each(|headers| headers.0.push(header.clone()));
            }
            // A browser's panel may have the value on a line of its own.
            None if self.lacks_value(side) => self.continue_header(side, text.trim()),
            None => {
                self.place = Place::Body(side);
                self.settle_and_keep(side, line);
            }
        }
    }

    fn settle_and_keep(&mut self, side: Side, line: &str) {
        self.settle(side);
        self.body_line(side, line);
    }

    /// The head is complete: pseudo-fields and the host go to where they belong.
    fn settle(&mut self, side: Side) {
        match (side, self.exchanges.last_mut()) {
            (Side::Request, Some(Exchange { request: Some(request), .. })) => message::settle_request(request),
            (Side::Response, Some(Exchange { response: Some(response), .. })) => message::settle_response(response),
            _ => {}
        }
    }

    fn continues_target(&mut self, text: &str) -> bool {
        let request = self.exchanges.last_mut().and_then(|last| last.request.as_mut());
        match request.filter(|_| text.starts_with(['?', '&'])) {
            Some(request) => request.url.push_str(text),
            None => return false,
        }
        true
    }

    fn continue_header(&mut self, side: Side, text: &str) {
        if let Some(last) = self.headers(side).and_then(|headers| headers.0.last_mut()) {
            if !last.value.is_empty() {
                last.value.push(' ');
            }
            last.value.push_str(text);
        }
    }

    fn lacks_value(&mut self, side: Side) -> bool {
        self.decoration.is_empty() && self.headers(side).and_then(|headers| headers.0.last()).is_some_and(|last| last.value.is_empty())
    }

    fn headers(&mut self, side: Side) -> Option<&mut Headers> {
        let last = self.exchanges.last_mut()?;
        match side {
            Side::Request => last.request.as_mut().map(|request| &mut request.headers),
            Side::Response => last.response.as_mut().map(|response| &mut response.headers),
        }
    }

    /// Text that lost its line ends twice has a blank line after each: then the head goes on after its first.
    fn spaced_head(&mut self, side: Side, number: usize, line: &str) -> bool {
        let empty = message::body(self.exchanges.last(), side).is_empty();
        let none = empty && self.headers(side).is_some_and(|headers| headers.0.is_empty());
        if none && message::undecorated(&self.decoration, line).and_then(message::header).is_some_and(|(name, _)| message::is_usual(name)) {
            self.spaced = true;
            self.place = Place::Head(side);
            self.head_line(side, number, line);
            return true;
        }
        false
    }

    fn body_line(&mut self, side: Side, line: &str) {
        if self.is_prompt(line) {
            self.close();
            self.place = Place::Outside;
            return;
        }
        let quoted = !self.decoration.ends_with("< ");
        let line = message::undecorated(&self.decoration, line).filter(|_| quoted).unwrap_or(line);
        let line = line.strip_suffix(self.prompt.as_str()).filter(|_| self.prompt.trim().len() > 3).unwrap_or(line);
        // Blank lines do not begin a body: whether there is one yet has to be known at once.
        if let Some(body) = message::body_mut(self.exchanges.last_mut(), side).filter(|body| !body.is_empty() || !line.trim().is_empty()) {
            body.push_str(line);
            body.push('\n');
        }
    }

    /// The message that was being read is over.
    fn close(&mut self) {
        match self.place {
            Place::Head(side) | Place::Body(side) => {
                self.settle(side);
                if let Some(body) = message::body_mut(self.exchanges.last_mut(), side) {
                    message::trim(body);
                }
                if let (Side::Response, Some(response)) = (side, self.exchanges.last_mut().and_then(|last| last.response.as_mut())) {
                    message::unchunk(response);
                }
            }
            Place::Output => self.end_output(),
            Place::Outside | Place::Command => {}
        }
    }
}
