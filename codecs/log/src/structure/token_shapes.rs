//! Shapes of messages, and what is a value in them.

use super::token::{MOST_TOKENS, PLACEHOLDER, Tokens};

/// The shape in readable form: tokens between bars, values as `*`.
fn shape(message: &str) -> String {
    let mut tokens = Tokens::default();
    tokens.read(message.as_bytes());
    let texts = tokens
        .iter()
        .map(|token| String::from_utf8_lossy(tokens.text(token)).replace('\u{2}', "*"));
    texts.collect::<Vec<_>>().join("|")
}

fn values(message: &str) -> Vec<&str> {
    let mut tokens = Tokens::default();
    tokens.read(message.as_bytes());
    tokens
        .iter()
        .flat_map(|token| tokens.values(token))
        .map(|span| &message[span.clone()])
        .collect()
}

#[test]
fn numbers_addresses_and_identifiers_become_values() {
    assert_eq!(
        shape("took 15 of blk_-123 on 10.0.0.7:80"),
        "took|*|of|blk_*|on|*"
    );
    assert_eq!(
        values("took 15 of blk_-123 on 10.0.0.7:80"),
        ["15", "-123", "10.0.0.7:80"]
    );
    assert_eq!(
        shape("id 0x7fff and 003a9260 and 0673dd71-34c5-4fbb-86c4-40623fbe45b4"),
        "id|*|and|*|and|*"
    );
    assert_eq!(shape("at fe80::1c:2 and 00:1b:44:11:3a:b7"), "at|*|and|*");
}

#[test]
fn paths_links_hosts_with_ports_and_mail_addresses_are_one_value() {
    assert_eq!(
        shape("open /etc/passwd or C:\\a\\b or http://x.org/y?z"),
        "open|*|or|*|or|*"
    );
    assert_eq!(
        shape("to proxy.example.org:5070 by me@example.org"),
        "to|*|by|*"
    );
    assert_eq!(shape("read/write"), "read/write");
}

#[test]
fn fields_are_split_at_their_separators() {
    assert_eq!(
        shape("uid=0, state:up (eth0)"),
        "uid|=|*|,|state|:|up|(|eth*|)"
    );
    assert_eq!(shape("Class::method at 12:30:45"), "Class::method|at|*");
}

#[test]
fn a_quantity_takes_its_unit_along() {
    assert_eq!(shape("sent 1736 bytes (1.69 KB) in <1 sec"), "sent|*|in|*");
    assert_eq!(shape("sent 17 bytes in 00:01"), "sent|*|in|*");
    assert_eq!(
        values("sent 1736 bytes (1.69 KB) in <1 sec"),
        ["1736 bytes (1.69 KB)", "<1 sec"]
    );
}

#[test]
fn the_name_of_a_user_is_a_value() {
    assert_eq!(shape("opened for user root by x"), "opened|for|user|*|by|x");
    assert_eq!(shape("invalid user from x"), "invalid|user|from|x");
}

#[test]
fn lists_of_values_are_one_value() {
    assert_eq!(
        shape("failed for an1 an2 an77 now"),
        "failed for * now".replace(' ', "|")
    );
    assert_eq!(shape("speeds 1 2 3 4 rpm"), "speeds|*|rpm");
    assert_eq!(shape("from 1 2 on"), "from|*|*|on");
}

#[test]
fn dates_with_names_are_one_value() {
    assert_eq!(shape("at Sat Jul  9 12:16:49 2005 "), "at|*");
    assert_eq!(shape("status Fri Jul 29 12:00:00 PDT 2005"), "status|*");
    assert_eq!(shape("Sun rises"), "Sun|rises");
}

#[test]
fn quoted_and_empty_and_composed_values_of_fields_are_values() {
    assert_eq!(shape("tag=\"a b\" x="), "tag|=|\"|*|\"|x|=|*");
    assert_eq!(
        shape("from host () at work() ws=Source{1 b}, y"),
        "from|host|(|*|)|at|work|(|)|ws|=|*|,|y"
    );
    assert_eq!(shape("GET /a?b=c&d=e,f HTTP"), "GET|*|HTTP");
    assert_eq!(shape(r#"msg="disk full""#), r#"msg|=|"|disk|full|""#);
    assert_eq!(
        shape(r#"{"msg": "up","by":"a b"}"#),
        r#"{|"|msg|"|:|"|up|"|,|"|by|"|:|"|*|"|}"#
    );
}

#[test]
fn only_digits_of_a_name_with_a_number_are_a_value() {
    assert_eq!(shape("eth0 alt0 V6 IPv6"), "eth*|alt*|V*|IPv6");
}

#[test]
fn spaces_tell_keys_apart_but_no_tokens() {
    let (mut one, mut two) = (Tokens::default(), Tokens::default());
    one.read(b"a = b");
    two.read(b"a=b");
    assert_ne!(one.key(), two.key());
    assert_eq!(one.len(), two.len());
}

#[test]
fn a_huge_message_is_looked_at_in_part_but_covered() {
    let message = b"word ".repeat(100_000);
    let mut tokens = Tokens::default();
    tokens.read(&message);
    assert!(tokens.len() <= MOST_TOKENS + 1);
    assert_eq!(tokens.iter().last().unwrap().span.end, message.len());
}

proptest::proptest! {
    #[test]
    fn tokens_lie_in_order_in_the_message(message in proptest::collection::vec(proptest::num::u8::ANY, 0..200)) {
        let mut tokens = Tokens::default();
        tokens.read(&message);
        let mut end = 0;
        for token in tokens.iter() {
            assert!(token.span.start >= end && token.span.end >= token.span.start);
            end = token.span.end;
            for value in tokens.values(token) {
                assert!(value.start >= token.span.start && value.end <= token.span.end && value.start <= value.end);
            }
            let text = tokens.text(token);
            assert_eq!(text.iter().filter(|byte| **byte == PLACEHOLDER).count(), tokens.values(token).len());
        }
        assert!(end <= message.len());
    }

    #[test]
    fn wordlike_messages_read_without_panic(message in "[a-c0-2 .:/_()<>=,-]{0,80}") {
        Tokens::default().read(message.as_bytes());
    }
}
