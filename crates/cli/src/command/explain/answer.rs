//! From what was given to what is said about it. The command line and the page share it.

use super::Explain;
use super::input::{Input, nothing};
use super::reference::reference_in;
use crate::failure::{Class, Failure};
use countersign::reference::PREFIX;
use countersign::{Cause, ForeignCause};
use countersign_doctor::{Code, Confidence, Dossier, Exchange, Explanation, ReadFault, Report, explain, read};
use countersign_probe::Plan;

/// What is said.
pub(super) enum Answer {
    /// The page of a cause.
    Cause(Code),
    /// What one of our own references holds.
    Reference(Box<Report>),
    /// What the evidence tells of somebody's refusal.
    Explanation(Box<Explanation>),
    /// What would be asked.
    Plan(Box<Plan>),
}

/// What is done about a case before it is explained; an answer ends it.
pub(super) type Further<'a> = &'a mut dyn FnMut(&mut Dossier) -> Result<Option<Answer>, Failure>;

impl Explain {
    /// What is said about these things together.
    pub(super) fn answer(&self, inputs: &[Input]) -> Result<Answer, Failure> {
        self.answer_further(inputs, &mut |_| Ok(None))
    }

    /// The same, where more may be found out about the case.
    pub(super) fn answer_further(&self, inputs: &[Input], further: Further<'_>) -> Result<Answer, Failure> {
        if let [input] = inputs {
            let text = input.text();
            if let Some(cause) = Code::from_code(text.trim()) {
                return Ok(Answer::Cause(cause));
            }
            if let Some(reference) = reference_in(&text).filter(|_| text.trim_start().starts_with(PREFIX)) {
                return self.reference(reference).map(|report| Answer::Reference(Box::new(report)));
            }
            // A slip in a code must not be read as a word of somebody's answer.
            if input.argument && !near(text.trim()).is_empty() {
                return Err(unrecognised(input, text.trim()));
            }
        }
        match gather(inputs) {
            Ok(dossier) => self.conclude(dossier, inputs, further),
            Err((input, fault)) => self.unread(input, &fault),
        }
    }

    /// What is said about a case.
    pub(super) fn conclude(&self, mut dossier: Dossier, inputs: &[Input], further: Further<'_>) -> Result<Answer, Failure> {
        if let Some(report) = self.opened(&mut dossier, inputs)? {
            return Ok(report);
        }
        let before = dossier.exchanges.len();
        if let Some(answer) = further(&mut dossier)? {
            return Ok(answer);
        }
        if dossier.exchanges.len() > before
            && let Some(report) = self.opened(&mut dossier, inputs)?
        {
            return Ok(report);
        }
        dossier.now = Some(self.clock());
        let explanation = explain(&dossier);
        match admitted(&dossier) {
            Some(status) if explanation.verdict.confidence == Confidence::Unknown => {
                let said = nothing(format!("the last answer is {status}: nothing was refused"));
                Err(said.mend("give the exchange that ended in 401, 403, 407 or 429"))
            }
            _ => Ok(Answer::Explanation(Box::new(explanation))),
        }
    }

    /// An answer of our own gateway knows more than any evidence, if it can be opened here.
    fn opened(&self, dossier: &mut Dossier, inputs: &[Input]) -> Result<Option<Answer>, Failure> {
        let Some(reference) = reference_of(dossier).or_else(|| alone(dossier, inputs)) else { return Ok(None) };
        match self.reference(&reference) {
            Ok(report) => Ok(Some(Answer::Reference(Box::new(report)))),
            Err(Failure::Said { class: Class::CannotKnow, message, .. }) if !self.names_keys() && !dossier.exchanges.is_empty() => {
                let said = format!("the reference in the answer was not opened: {message}");
                if !dossier.not_seen.contains(&said) {
                    dossier.not_seen.push(said);
                }
                Ok(None)
            }
            Err(failure) => Err(failure),
        }
    }

    /// An input that no reader takes may still have a reference in it.
    fn unread(&self, input: &Input, fault: &ReadFault) -> Result<Answer, Failure> {
        let text = input.text();
        match (reference_in(&text), fault) {
            (Some(reference), _) => self.reference(reference).map(|report| Answer::Reference(Box::new(report))),
            (None, ReadFault::Unrecognised) => Err(unrecognised(input, text.trim())),
            (None, fault @ ReadFault::Broken { .. }) => {
                let said = Failure::error("input-broken", format!("{}: {fault}", input.name));
                Err(said.mend("give all of it, as it was copied or saved"))
            }
        }
    }
}

fn gather(inputs: &[Input]) -> Result<Dossier, (&Input, ReadFault)> {
    let mut dossier = Dossier::default();
    for input in inputs {
        dossier.join(read(&input.name, &input.bytes).map_err(|fault| (input, fault))?);
    }
    Ok(dossier)
}

/// The reference in the answer that is explained.
fn reference_of(dossier: &Dossier) -> Option<String> {
    let response = dossier.refusal()?.1.response.as_ref()?;
    response.headers.get("countersign-ref").and_then(reference_in).or_else(|| reference_in(&response.body)).map(str::to_owned)
}

/// A reference in what has no exchange, such as a problem document alone.
fn alone(dossier: &Dossier, inputs: &[Input]) -> Option<String> {
    let texts = inputs.iter().filter(|_| dossier.exchanges.is_empty()).map(Input::text);
    texts.filter_map(|text| reference_in(&text).map(str::to_owned)).next()
}

/// The last status where nothing was refused and nothing else was given.
fn admitted(dossier: &Dossier) -> Option<u16> {
    let (_, Exchange { response, failure, .. }) = dossier.refusal()?;
    let status = response.as_ref()?.status;
    Some(status).filter(|status| *status < 400 && *status > 0 && failure.is_none() && dossier.documents.is_empty())
}

fn unrecognised(input: &Input, text: &str) -> Failure {
    if text.is_empty() {
        return nothing(format!("{} is empty", input.name)).mend("an exchange (curl -i), a HAR, a token, a log: any of them will do");
    }
    let mend = match near(text).as_slice() {
        [] => format!("a reference begins with {PREFIX}; `curl -i` or -v prints an exchange, a browser saves a HAR"),
        near => format!("did you mean {}?", near.join(", or ")),
    };
    let said = if input.argument {
        "this is neither a reference nor the code of a cause nor a file, and as text it is nothing that is known".to_owned()
    } else {
        format!("{} holds neither a reference nor anything else that is known", input.name)
    };
    nothing(said).mend(mend)
}

/// Codes that have this in them: at most three.
fn near(text: &str) -> Vec<&'static str> {
    let codes = Cause::ALL.iter().map(|cause| cause.code()).chain(ForeignCause::ALL.iter().map(|cause| cause.code()));
    codes.filter(|code| (3..64).contains(&text.len()) && code.contains(&text.to_lowercase())).take(3).collect()
}
