//! Every form of each case of the corpus holds the same exchanges: a HAR is read by another reader than a raw exchange, so
//! that each is the other's oracle.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::indexing_slicing, clippy::panic)]

use countersign_doctor::{Dossier, Exchange, read};
use std::fs;
use std::path::{Path, PathBuf};

fn corpus() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../../corpus")
}

fn dossier(path: &Path) -> Dossier {
    let name = path.file_name().unwrap().to_str().unwrap();
    read(name, &fs::read(path).unwrap()).unwrap_or_else(|fault| panic!("{name}: {fault}"))
}

/// Method, path with query, status, and all fields but those that one of the forms leaves out.
fn told(exchange: &Exchange, response: bool) -> String {
    let request = exchange.request.clone().unwrap_or_default();
    let request = &request;
    let target =
        request.url.split_once("://").map_or(request.url.as_str(), |(_, rest)| rest.find(['/', '?']).map_or("/", |at| &rest[at..]));
    let skipped = ["host", "user-agent", "accept", "content-length", "content-type", "connection", "accept-encoding"];
    let fields = |headers: &countersign_doctor::Headers| {
        let kept = headers.0.iter().filter(|header| !skipped.contains(&header.name.to_ascii_lowercase().as_str()));
        kept.map(|header| format!("{}: {}\n", header.name.to_ascii_lowercase(), header.value)).collect::<String>()
    };
    let answer = exchange.response.as_ref().filter(|_| response);
    let answer = answer.map(|response| format!("{}\n{}{}", response.status, fields(&response.headers), response.body.trim()));
    format!(
        "{} {target} of {}\n{}{}\n{}",
        request.method,
        request.host(),
        fields(&request.headers),
        request.body.trim(),
        answer.unwrap_or_default()
    )
}

#[test]
fn exchanges_and_hars_agree() {
    let mut read = 0;
    for entry in fs::read_dir(corpus().join("exchanges")).unwrap() {
        let path = entry.unwrap().path();
        let id = path.file_stem().unwrap().to_str().unwrap().to_owned();
        // A HAR's entries come by their times, which a raw recording need not have.
        let all = |dossier: Dossier| {
            let mut all = dossier.exchanges.iter().map(|exchange| told(exchange, true)).collect::<Vec<_>>();
            all.sort();
            all
        };
        assert_eq!(all(dossier(&path)), all(dossier(&corpus().join(format!("har/{id}.har")))), "{id}");
        read += 1;
    }
    assert!(read > 50, "{read}");
}

#[test]
fn commands_ask_what_was_asked() {
    for entry in fs::read_dir(corpus().join("curl")).unwrap() {
        let path = entry.unwrap().path();
        let id = path.file_stem().unwrap().to_str().unwrap().to_owned();
        let command = dossier(&path).exchanges.iter().map(|exchange| told(exchange, false)).collect::<Vec<_>>();
        let recorded = dossier(&corpus().join(format!("exchanges/{id}.http")));
        let asked = recorded.exchanges.iter().map(|exchange| told(exchange, false)).collect::<Vec<_>>();
        assert!(command.len() == 1 && asked.contains(&command[0]), "{id}:\n{command:#?}\n{asked:#?}");
    }
}
