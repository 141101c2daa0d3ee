//! A command and what it printed, as copied out of a terminal.

use super::{Document, DocumentKind, Exchange, Place, Response, Transcript, message, start};
use crate::reading::curl::{self, Pasted};
use serde_json::Value;

impl Transcript {
    /// Begins a command where the line is one: after a prompt anywhere, without one only between messages.
    pub(super) fn begins_command(&mut self, number: usize, line: &str) -> bool {
        let Some((prompt, command)) = curl::begins(line) else { return false };
        let between = matches!(self.place, Place::Outside | Place::Output);
        let shown = prompt.trim_end().ends_with(['$', '#', '%', '❯', '➜']) && matches!(self.place, Place::Body(_));
        if !between && !shown {
            return false;
        }
        self.close();
        self.settle_trouble();
        prompt.clone_into(&mut self.prompt);
        self.decoration.clear();
        self.command = Pasted::new(number, command);
        self.place = Place::Command;
        if !self.command.is_open() {
            self.end_command();
        }
        true
    }

    pub(super) fn continue_command(&mut self, line: &str) {
        self.command.push(line);
        if !self.command.is_open() {
            self.end_command();
        }
    }

    pub(super) fn end_command(&mut self) {
        let (requests, not_seen) = std::mem::take(&mut self.command).requests();
        self.not_seen.extend(not_seen);
        self.announced = !requests.is_empty();
        self.place = if self.announced { Place::Output } else { Place::Outside };
        for request in requests {
            self.push(Exchange { request: Some(request), ..Exchange::default() });
        }
        (self.traced, self.fresh, self.scheme) = (false, true, None);
        self.output.clear();
    }

    pub(super) fn print(&mut self, number: usize, line: &str) {
        if self.is_prompt(line) {
            return self.close();
        }
        if self.output.is_empty() {
            self.output_line = number;
        }
        if self.output.is_empty() && line.trim().is_empty() {
            return;
        }
        self.output.push_str(line);
        self.output.push('\n');
    }

    /// Is it the prompt once more, with nothing after it?
    pub(super) fn is_prompt(&self, line: &str) -> bool {
        !self.prompt.trim().is_empty() && line.trim_end() == self.prompt.trim_end()
    }

    /// A command that printed only a body: its status may stand in it, otherwise it is a document beside the request.
    pub(super) fn end_output(&mut self) {
        let mut body = std::mem::take(&mut self.output);
        message::trim(&mut body);
        self.place = Place::Outside;
        let waiting = self.exchanges.last().is_some_and(|last| last.request.is_some() && last.response.is_none());
        if body.trim().is_empty() || !waiting {
            return;
        }
        let last = body.rsplit('\n').next().unwrap_or_default();
        // `--write-out '%{http_code}'` puts it last.
        let written = start::loose(last).or_else(|| start::code(last).map(|status| start::Start::Response { status, reason: "" }));
        let status = match written {
            Some(start::Start::Response { status, .. }) => {
                let kept = body.len() - last.len();
                body.truncate(kept);
                message::trim(&mut body);
                Some(status)
            }
            _ => stated(&body),
        };
        match status {
            Some(status) => {
                self.respond(Response { status, body, line: self.output_line, ..Response::default() });
                self.place = Place::Outside;
            }
            None => {
                self.documents.push(Document { kind: DocumentKind::ErrorBody, text: body, name: "-".to_owned() });
                self.not_seen.push("the response's status and header fields: the command did not print them".to_owned());
            }
        }
    }
}

/// The status that a body states of itself.
fn stated(body: &str) -> Option<u16> {
    let refusal = |status: &u16| (400..600).contains(status);
    if let Ok(value) = serde_json::from_str::<Value>(body) {
        let holders = [Some(&value), value.get("error")];
        let mut members = holders.into_iter().flatten().flat_map(|holder| {
            ["status", "statusCode", "status_code", "code", "httpStatus", "error"].iter().filter_map(|name| holder.get(name))
        });
        return members.find_map(|value| match value {
            Value::Number(number) => number.as_u64().and_then(|number| u16::try_from(number).ok()).filter(refusal),
            Value::String(text) => start::code(text.get(..3)?).filter(|_| text.len() == 3).filter(refusal),
            _ => None,
        });
    }
    let (_, rest) = body.split_once("<title>")?;
    let title = rest.split("</title>").next()?.trim().trim_start_matches("HTTP ").trim_start_matches("Error ");
    start::code(title.get(..3)?).filter(refusal)
}
