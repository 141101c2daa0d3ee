//! What tools say between the messages: where they connect, and what failed before there was an answer.

use super::note::{self, Note};
use super::{Exchange, Header, Place, Request, Response, Transcript};

impl Transcript {
    /// A remark of the tool.
    pub(super) fn noted(&mut self, number: usize, line: &str) -> bool {
        let in_message = matches!(self.place, Place::Body(_) | Place::Head(_)) && !self.traced;
        let Some(note) = note::of(line, self.traced).filter(|note| !in_message || !matches!(note, Note::Other)) else {
            return self.glued(number, line);
        };
        match note {
            Note::Connecting => (self.scheme, self.fresh, self.traced) = (None, true, true),
            Note::Connected => self.scheme = self.scheme.or(Some("http://")),
            Note::Tls => self.scheme = Some("https://"),
            Note::Next(url) => (self.next_url, self.fresh) = (url.to_owned(), true),
            Note::Failure(text) => self.fail(text),
            Note::Status(status) => {
                if self.exchanges.last().is_none_or(|last| last.response.is_none()) {
                    self.respond(Response { status, line: number, ..Response::default() });
                    self.place = Place::Outside;
                }
            }
            Note::Cors { url, origin } => self.blocked(number, line, url, origin),
            Note::Other => {}
        }
        true
    }

    /// A body without a line end has curl's next remark glued to it.
    fn glued(&mut self, number: usize, line: &str) -> bool {
        if !self.traced || !matches!(self.place, Place::Body(_)) {
            return false;
        }
        let marks = ["* Connection #", "* Closing connection", "* Connection to", "* Issue another", "* Ignoring the response", "curl: ("];
        let Some(at) = marks.iter().filter_map(|mark| line.find(mark)).min().filter(|&at| at > 0) else { return false };
        let (body, rest) = line.split_at(at);
        if let Place::Body(side) = self.place {
            self.body_line(side, body);
        }
        self.noted(number, rest)
    }

    fn fail(&mut self, text: &str) {
        let text = text.trim();
        if self.trouble.len() < 6 && !self.trouble.iter().any(|known| known.contains(text)) {
            self.trouble.push(text.to_owned());
        }
    }

    /// Gives the failures to the exchange that they ended. A refused first address before a connection that stood is none.
    pub(super) fn settle_trouble(&mut self) {
        if self.trouble.is_empty() {
            return;
        }
        let trouble = std::mem::take(&mut self.trouble).join("\n");
        match self.exchanges.last_mut() {
            Some(last) if last.response.is_none() && last.failure.is_none() => last.failure = Some(trouble),
            Some(_) if !self.fresh => {}
            _ => {
                let url = std::mem::take(&mut self.next_url);
                let request = (!url.is_empty()).then(|| Request { url, ..Request::default() });
                self.push(Exchange { request, failure: Some(trouble), ..Exchange::default() });
            }
        }
        self.fresh = false;
    }

    fn blocked(&mut self, number: usize, line: &str, url: &str, origin: &str) {
        self.close();
        let same = |last: &&mut Exchange| last.failure.is_none() && last.request.as_ref().is_some_and(|request| request.url == url);
        let origin = || Header { name: "Origin".to_owned(), value: origin.to_owned(), line: number };
        match self.exchanges.last_mut().filter(same) {
            Some(last) => last.failure = Some(line.trim().to_owned()),
            None => {
                let mut request = Request { url: url.to_owned(), line: number, ..Request::default() };
                request.headers.0.extend((!origin().value.is_empty()).then(origin));
                self.push(Exchange { request: Some(request), failure: Some(line.trim().to_owned()), ..Exchange::default() });
            }
        }
        self.place = Place::Outside;
    }
}
