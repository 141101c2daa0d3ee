//! The forms in which an answer is printed. What the forms look like is the doctor's.

use super::answer::Answer;
use crate::failure::{Class, Failure};
use crate::output::Output;
use clap::ValueEnum;
use countersign_doctor::{
    Code, Confidence, Screen, html, html_article, html_preformatted, html_text, markdown, page_of, render, render_explanation, render_page,
};
use countersign_probe::Plan;
use serde_json::{Value, json};

/// How wide a form is that is no terminal.
const PLAIN: Screen = Screen { width: 100, colour: false };

/// A form.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub(super) enum Form {
    /// For people, at a terminal
    Terminal,
    /// For a ticket
    Markdown,
    /// A page that needs nothing else
    Html,
    /// For programs, as --json
    Json,
}

impl Form {
    /// Prints an answer. One that leaves the cause unknown is printed too, and is a failure without words.
    pub(super) fn print(self, answer: &Answer, output: &Output) -> Result<(), Failure> {
        match (self, answer) {
            (Form::Terminal, Answer::Cause(cause)) => output.text(&render_page(*cause, &output.screen())),
            (Form::Terminal, Answer::Reference(report)) => output.text(&render(report, &output.screen())),
            (Form::Terminal, Answer::Explanation(explanation)) => output.text(&render_explanation(explanation, &output.screen())),
            (Form::Markdown, Answer::Cause(cause)) => output.text(&page_of(*cause)),
            (Form::Markdown, Answer::Reference(report)) => output.text(&format!("```text\n{}```\n", render(report, &PLAIN))),
            (Form::Markdown, Answer::Explanation(explanation)) => output.text(&markdown(explanation)),
            (Form::Html, Answer::Explanation(explanation)) => output.text(&html(explanation)),
            (Form::Html, answer) => output.text(&html_text(&title(answer), &plain(answer))),
            (Form::Markdown, Answer::Plan(plan)) => output.text(&format!("```text\n{}```\n", plan.describe())),
            (Form::Terminal, Answer::Plan(plan)) => output.text(&plan.describe()),
            (Form::Json, Answer::Plan(plan)) => output.json(&plan_value(plan)),
            (Form::Json, Answer::Cause(cause)) => output.json(&cause_value(*cause)),
            (Form::Json, Answer::Reference(report)) => output.json(report),
            (Form::Json, Answer::Explanation(explanation)) => output.json(explanation),
        }?;
        match answer {
            Answer::Explanation(explanation) if explanation.verdict.confidence == Confidence::Unknown => {
                Err(Failure::Printed(Class::CannotKnow))
            }
            _ => Ok(()),
        }
    }
}

/// An answer as a part of a page.
pub(super) fn article(answer: &Answer) -> String {
    match answer {
        Answer::Explanation(explanation) => html_article(explanation),
        answer => html_preformatted(&plain(answer)),
    }
}

fn title(answer: &Answer) -> String {
    match answer {
        Answer::Cause(cause) => cause.code().to_owned(),
        Answer::Reference(report) => format!("{} {}", report.status, report.cause),
        Answer::Explanation(_) => "Explanation".to_owned(),
        Answer::Plan(_) => "What would be asked".to_owned(),
    }
}

fn plain(answer: &Answer) -> String {
    match answer {
        Answer::Cause(cause) => render_page(*cause, &PLAIN),
        Answer::Reference(report) => render(report, &PLAIN),
        Answer::Explanation(explanation) => render_explanation(explanation, &PLAIN),
        Answer::Plan(plan) => plan.describe(),
    }
}

/// A plan for programs.
fn plan_value(plan: &Plan) -> Value {
    json!({ "most": plan.most(), "requests": plan.steps, "remarks": plan.remarks })
}

/// A cause for programs; the status is that of our gateway, where it refuses for it.
fn cause_value(code: Code) -> Value {
    let mut value = json!({
        "cause": code, "sentence": code.sentence(), "family": code.family(), "owner": code.owner(), "page": page_of(code),
    });
    if let (Code::Common(cause), Some(members)) = (code, value.as_object_mut()) {
        members.insert("status".to_owned(), cause.status().into());
    }
    value
}
