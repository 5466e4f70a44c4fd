//! Adds a line to the text of a list, and leaves the rest as it is.

/// Returns the text with `mod <module>,` as the last line of its `migrations!` list; `None` where it has
/// no such list.
pub(super) fn added(text: &str, module: &str) -> Option<String> {
    let code = without_comments(text);
    let name = code.find("migrations!")?;
    let open = name + code[name..].find('[')?;
    let close = open + code[open..].find(']')?;
    let inside = &code[open + 1..close];
    let comma = match inside.trim_end() {
        "" => "",
        inside if inside.ends_with(',') => "",
        _ => ",",
    };
    // Behind the last item, before comments that stand at the end: those are no part of `code`.
    let last = open + 1 + inside.trim_end().len();
    let (before, after) = text.split_at(last);
    let rest = text[last..close].trim_end();
    let tail = &after[close - last..];
    Some(format!(
        "{before}{comma}{rest}\n        mod {module},\n    {tail}"
    ))
}

/// Returns the text with blanks in the place of comments, byte by byte.
fn without_comments(text: &str) -> String {
    let line = |line: &str| match line.find("//") {
        Some(at) => {
            let (code, comment) = line.split_at(at);
            format!("{code}{}", " ".repeat(comment.len()))
        }
        None => line.to_owned(),
    };
    text.split('\n').map(line).collect::<Vec<_>>().join("\n")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_line_is_added_behind_the_last_one() {
        let text = "//! Of migrations! [ ].\n\nmongoplex::migrations! {\n    Shop: [\n        mod m1_a,\n    ]\n}\n";

        let added = added(text, "m2_b").unwrap();

        assert_eq!(added, text.replace("m1_a,\n", "m1_a,\n        mod m2_b,\n"));
    }

    #[test]
    fn an_empty_list_a_missing_comma_and_comments_are_no_trouble() {
        let list = |inside: &str| format!("mongoplex::migrations! {{ Shop: [{inside}] }}\n");
        for (inside, expected) in [
            ("", "\n        mod m2,\n    "),
            ("\n    ", "\n        mod m2,\n    "),
            ("mod m1", "mod m1,\n        mod m2,\n    "),
            (
                "\n        mod m1, // the ] first\n    ",
                "\n        mod m1, // the ] first\n        mod m2,\n    ",
            ),
            (
                "\n        // mod m0, ü\n    ",
                "\n        // mod m0, ü\n        mod m2,\n    ",
            ),
        ] {
            assert_eq!(added(&list(inside), "m2"), Some(list(expected)), "{inside}");
        }
    }

    #[test]
    fn without_a_list_nothing_is_added() {
        for text in [
            "",
            "fn main() {}",
            "// mongoplex::migrations! { A: [] }",
            "migrations! {",
        ] {
            assert_eq!(added(text, "m1"), None, "{text}");
        }
    }
}
