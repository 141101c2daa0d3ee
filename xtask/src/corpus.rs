//! `cargo xtask corpus`: how well the doctor does on the recorded refusals of `corpus/`.
//!
//! Every case is read in each of its forms. *Right* is a verdict whose family is the case's or one that the case accepts
//! beside it; *in three* counts the verdict and the first alternatives; *confident wrong* is a wrong family said to be
//! certain or likely. Cases that cannot be decided from an exchange must not be certain at all.

use anyhow::{Context, Result, bail};
use countersign_doctor::{Confidence, Explanation, ReadFault, explain, read};
use serde::Deserialize;
use std::collections::BTreeMap;
use std::fs;
use std::path::Path;

const FORMS: [(&str, &str); 3] = [("exchanges", "http"), ("har", "har"), ("curl", "sh")];

#[derive(Deserialize)]
struct Case {
    id: String,
    family: String,
    #[serde(default)]
    also_acceptable: Vec<String>,
    diagnosable_from: String,
}

/// What was said of one case in one form.
struct Answer {
    families: Vec<&'static str>,
    confidence: Confidence,
}

#[derive(Default)]
struct Tally {
    cases: usize,
    right: usize,
    in_three: usize,
    abstained: usize,
    confident_wrong: usize,
    certain: usize,
}

/// Prints the tables; `--cases` adds a line for each case.
pub(crate) fn run(root: &Path, options: &[String]) -> Result<()> {
    let each = match options {
        [] => false,
        [one] if one == "--cases" => true,
        _ => bail!("`corpus` knows only --cases"),
    };
    let corpus = root.join("corpus");
    let text = fs::read_to_string(corpus.join("cases.jsonl")).context("corpus/cases.jsonl")?;
    let cases: Vec<Case> = text.lines().map(serde_json::from_str).collect::<Result<_, _>>().context("corpus/cases.jsonl")?;
    for (form, ending) in FORMS {
        let mut tallies: BTreeMap<String, Tally> = BTreeMap::new();
        for case in &cases {
            let file = corpus.join(form).join(format!("{}.{ending}", case.id));
            let Ok(bytes) = fs::read(&file) else { continue };
            let answer = ask(&format!("{}.{ending}", case.id), &bytes)?;
            let kind = if case.diagnosable_from == "exchange" { "exchange" } else { "beyond" };
            for name in [format!("all {kind}"), format!("{kind:8} {}", case.family)] {
                tallies.entry(name).or_default().add(case, &answer);
            }
            if each {
                println!("{}", line(case, &answer));
            }
        }
        print(form, &tallies);
    }
    Ok(())
}

fn ask(name: &str, bytes: &[u8]) -> Result<Answer> {
    let explanation: Explanation = match read(name, bytes) {
        Ok(dossier) => explain(&dossier),
        Err(ReadFault::Unrecognised) => return Ok(Answer { families: Vec::new(), confidence: Confidence::Unknown }),
        Err(fault) => bail!("{name}: {fault}"),
    };
    let verdict = explanation.verdict.cause.map(|_| explanation.verdict.family.name());
    let others = explanation.alternatives.iter().map(|other| other.family.name());
    Ok(Answer { families: verdict.into_iter().chain(others).collect(), confidence: explanation.verdict.confidence })
}

impl Case {
    fn accepts(&self, family: &str) -> bool {
        self.family == family || self.also_acceptable.iter().any(|other| other == family)
    }
}

impl Tally {
    fn add(&mut self, case: &Case, answer: &Answer) {
        let abstained = answer.confidence == Confidence::Unknown;
        let right = !abstained && answer.families.first().is_some_and(|family| case.accepts(family));
        self.cases += 1;
        self.abstained += usize::from(abstained);
        self.right += usize::from(right);
        self.in_three += usize::from(answer.families.iter().take(3).any(|family| case.accepts(family)));
        self.confident_wrong += usize::from(!right && answer.confidence >= Confidence::Likely);
        self.certain += usize::from(answer.confidence == Confidence::Certain);
    }
}

fn line(case: &Case, answer: &Answer) -> String {
    let right = answer.families.first().is_some_and(|family| case.accepts(family));
    let mark = match (right, answer.confidence) {
        (_, Confidence::Unknown) => "?",
        (true, _) => " ",
        (false, Confidence::Possible) => "-",
        (false, _) => "X",
    };
    let confidence = format!("{:?}", answer.confidence).to_lowercase();
    format!("{mark} {} {:10} {:28} {confidence:9} {}", case.id, case.diagnosable_from, case.family, answer.families.join(", "))
}

fn print(form: &str, tallies: &BTreeMap<String, Tally>) {
    println!("\n{form:40} cases  right  in three  abstained  confident wrong  certain");
    for (name, tally) in tallies {
        println!(
            "{name:40} {:5}  {:5}  {:8}  {:9}  {:15}  {:7}",
            tally.cases, tally.right, tally.in_three, tally.abstained, tally.confident_wrong, tally.certain
        );
    }
    let (cases, wrong) = tallies
        .iter()
        .filter(|(name, _)| name.starts_with("all"))
        .fold((0, 0), |(cases, wrong), (_, tally)| (cases + tally.cases, wrong + tally.confident_wrong));
    println!("{:40} {:.1} %", "confident wrong over all", 100.0 * wrong as f64 / cases.max(1) as f64);
}
