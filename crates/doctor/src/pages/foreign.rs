//! The pages of the causes that are seen only from outside. They are made from the catalogue and the table of advice, so
//! that a report and its page say the same; `docs/causes` holds them as files, and a test holds those to this.

use crate::advice::Advice;
use countersign::ForeignCause;

/// The page of a cause, as Markdown.
pub fn foreign_page(cause: ForeignCause) -> String {
    let advice = Advice::of(cause.into());
    let command = if advice.command.is_empty() {
        String::new()
    } else {
        format!("\n\n```sh\n{}\n```", advice.command.replace("{url}", "https://api.example.com/path"))
    };
    let fix = advice.fix();
    let side = format!("{:?}", fix.side).to_lowercase();
    format!(
        "# {cause}\n\n{sentence}\n\nFamily `{family}`. It is seen in other servers' answers; this gateway does not refuse for it.\n\n\
         ## How to tell\n\n{check}{command}\n\nIt is ruled out by {ruled_out_by}.\n\n\
         ## Who can mend it, and how\n\nOn the side of the {side}: {text}\n\n## Does it help to try again?\n\n{retry}\n",
        sentence = cause.sentence(),
        family = cause.family().name(),
        check = advice.check,
        ruled_out_by = advice.ruled_out_by,
        text = fix.text,
        retry = advice.retry,
    )
}
