//! Answers that get lost, twice in a row, so that the driver's own retry does not help.

use mongoplex::{
    Databases, Error,
    bson::{Document, doc},
    options::ReturnDocument,
};
use mongoplex_testing::{Nodes, OwnSet, Proxy, own_set, raw};

use super::shop::{Card, Line, Named, cards, close, lines, open_at, state};

struct Scene {
    set: OwnSet,
    proxy: Proxy,
    databases: Databases,
}

impl Scene {
    async fn new(name: &str) -> Self {
        let set = own_set(Nodes::One).await;
        let proxy = Proxy::start(&set.nodes()[0].address()).await;
        let databases = open_at(name, |database| proxy.uri(database), &[]).await;
        Self {
            set,
            proxy,
            databases,
        }
    }

    fn lose(&self, command: &str) {
        self.proxy
            .drop_replies(format!("\u{2}{command}\0").as_bytes(), 2);
    }

    /// Returns what lies in a collection, read past the library and the proxy.
    async fn all(&self, collection: &str) -> Vec<Document> {
        let client = raw(&self.set.uri("shop")).await;
        let collection = client.database("shop").collection::<Document>(collection);
        let mut cursor = collection.find(doc! {}).await.unwrap();
        let mut found = Vec::new();
        while cursor.advance().await.unwrap() {
            found.push(cursor.deserialize_current().unwrap());
        }
        client.shutdown().immediate(true).await;
        found
    }

    async fn end(self, recovered: u64) {
        assert_eq!(self.proxy.dropped_replies(), 2, "the replies were lost");
        assert_eq!(state(&self.databases, "shop").recovered, recovered);
        close(self.databases).await;
        self.proxy.stop().await;
        self.set.stop().await;
    }
}

fn line(number: i64) -> Line {
    Line { worker: 0, number }
}

fn card(text: &str) -> Card {
    Card { text: text.into() }
}

#[tokio::test]
async fn an_insert_whose_answers_are_lost_is_one_document_and_a_success() {
    let scene = Scene::new("lost_insert").await;
    scene.lose("insert");

    let inserted = lines(&scene.databases).insert_one(line(1)).await.unwrap();

    let all = scene.all("lines").await;
    assert_eq!(all.len(), 1);
    assert_eq!(all[0].get("_id"), Some(&inserted.inserted_id));
    scene.end(1).await;
}

#[tokio::test]
async fn many_inserts_whose_answers_are_lost_are_there_once_each() {
    let scene = Scene::new("lost_many").await;
    scene.lose("insert");

    let sent: Vec<Line> = (0..50).map(line).collect();
    let inserted = lines(&scene.databases).insert_many(&sent).await.unwrap();

    let all = scene.all("lines").await;
    assert_eq!((all.len(), inserted.inserted_ids.len()), (50, 50));
    for (position, stored) in all.iter().enumerate() {
        assert_eq!(stored.get_i64("number").unwrap(), position as i64);
        assert_eq!(stored.get("_id"), inserted.inserted_ids.get(&position));
    }
    scene.end(1).await;
}

#[tokio::test]
async fn an_id_of_the_callers_that_somebody_else_has_is_no_success() {
    let scene = Scene::new("lost_foreign").await;
    let named = super::shop::shop(&scene.databases).collection::<Named>();
    let of = |number| Named {
        id: "a".into(),
        number,
    };
    named.insert_one(of(1)).await.unwrap();
    scene.lose("insert");

    let answer = named.insert_one(of(2)).await;

    assert!(matches!(answer, Err(Error::Ambiguous { .. })), "{answer:?}");
    let all = scene.all("named").await;
    assert_eq!((all.len(), all[0].get_i64("number").unwrap()), (1, 1));
    scene.end(0).await;
}

#[tokio::test]
async fn an_id_that_the_caller_chose_proves_nothing_even_where_the_same_lies_under_it() {
    let scene = Scene::new("lost_own").await;
    let named = super::shop::shop(&scene.databases).collection::<Named>();
    scene.lose("insert");

    let answer = named
        .insert_one(Named {
            id: "lock".into(),
            number: 2,
        })
        .await;

    assert!(matches!(answer, Err(Error::Ambiguous { .. })), "{answer:?}");
    assert_eq!(scene.all("named").await.len(), 1);
    scene.end(0).await;
}

#[tokio::test]
async fn a_document_that_was_read_elsewhere_has_an_id_that_the_caller_chose() {
    let scene = Scene::new("lost_claim").await;
    let cards = cards(&scene.databases);
    // Somebody else's claim: both read the document somewhere, and this one was faster.
    let theirs = cards.create(card("a")).await.unwrap();
    scene.lose("insert");

    let answer = cards.insert_stored(&theirs).await;

    assert!(matches!(answer, Err(Error::Ambiguous { .. })), "{answer:?}");
    assert_eq!(scene.all("cards").await.len(), 1);
    scene.end(0).await;
}

#[tokio::test]
async fn a_document_that_is_created_knows_itself_again() {
    let scene = Scene::new("lost_created").await;
    scene.lose("insert");

    let made = cards(&scene.databases).create(card("a")).await.unwrap();

    let all = scene.all("cards").await;
    assert_eq!(all.len(), 1);
    assert_eq!(all[0].get_object_id("_id").unwrap(), made.id);
    scene.end(1).await;
}

#[tokio::test]
async fn a_count_whose_answers_are_lost_is_ambiguous_and_done_once() {
    let scene = Scene::new("lost_inc").await;
    let lines = lines(&scene.databases);
    let id = lines.insert_one(line(0)).await.unwrap().inserted_id;
    scene.lose("update");

    let answer = lines
        .update_by_id(id, doc! { "$inc": { "number": 1_i64 } })
        .await;

    assert!(matches!(answer, Err(Error::Ambiguous { .. })), "{answer:?}");
    assert!(answer.unwrap_err().is_ambiguous());
    assert_eq!(scene.all("lines").await[0].get_i64("number").unwrap(), 1);
    scene.end(0).await;
}

#[tokio::test]
async fn setting_fields_of_one_document_is_repeated() {
    let scene = Scene::new("lost_set").await;
    let lines = lines(&scene.databases);
    let id = lines.insert_one(line(0)).await.unwrap().inserted_id;
    scene.lose("update");

    let answer = lines
        .update_by_id(id, doc! { "$set": { "number": 7_i64 } })
        .await;

    assert_eq!(answer.unwrap().matched_count, 1);
    assert_eq!(scene.all("lines").await[0].get_i64("number").unwrap(), 7);
    scene.end(1).await;
}

#[tokio::test]
async fn a_versioned_update_knows_its_own_work_again() {
    let scene = Scene::new("lost_versioned").await;
    let cards = cards(&scene.databases);
    let made = cards.create(card("a")).await.unwrap();
    scene.lose("update");

    let filter = doc! { "_id": made.id, "version": 1_i64 };
    let answer = cards
        .update_one(filter, doc! { "$set": { "text": "b" } })
        .await;

    assert_eq!(answer.unwrap().matched_count, 1);
    let now = cards.find_by_id(made.id).stored().await.unwrap().unwrap();
    assert_eq!((now.version, now.text.as_str()), (2, "b"));
    scene.end(1).await;
}

#[tokio::test]
async fn a_versioned_update_that_returns_the_document_does_too() {
    let scene = Scene::new("lost_returned").await;
    let cards = cards(&scene.databases);
    let made = cards.create(card("a")).await.unwrap();
    scene.lose("findAndModify");

    let filter = doc! { "_id": made.id, "version": 1_i64 };
    let update = cards.find_one_and_update(filter, doc! { "$set": { "text": "b" } });
    let answer = update.return_document(ReturnDocument::After).stored().await;

    let now = answer.unwrap().unwrap();
    assert_eq!((now.version, now.text.as_str()), (2, "b"));
    scene.end(1).await;
}

#[tokio::test]
async fn a_replacement_and_a_deletion_of_one_version_do_too() {
    let scene = Scene::new("lost_deletion").await;
    let cards = cards(&scene.databases);
    let made = cards.create(card("a")).await.unwrap();
    let at = |version: i64| doc! { "_id": made.id, "version": version };

    scene.lose("update");
    let replaced = cards.replace_one(at(1), card("b")).await.unwrap();
    assert_eq!(replaced.matched_count, 1);
    scene.lose("findAndModify");
    let deleted = cards
        .find_one_and_delete(at(2))
        .stored()
        .await
        .unwrap()
        .unwrap();
    assert_eq!(deleted.version, 3);
    scene.lose("findAndModify");
    let restored = cards.restore_one(at(3)).stored().await.unwrap().unwrap();

    assert_eq!((restored.version, restored.text.as_str()), (4, "b"));
    assert_eq!(scene.proxy.dropped_replies(), 6);
    assert_eq!(state(&scene.databases, "shop").recovered, 3);
    close(scene.databases).await;
    scene.proxy.stop().await;
    scene.set.stop().await;
}

#[tokio::test]
async fn a_stale_version_stays_stale_when_answers_are_lost() {
    let scene = Scene::new("lost_stale").await;
    let cards = cards(&scene.databases);
    let made = cards.create(card("a")).await.unwrap();
    cards
        .update_by_id(made.id, doc! { "$set": { "text": "theirs" } })
        .await
        .unwrap();
    scene.lose("update");

    let filter = doc! { "_id": made.id, "version": 1_i64 };
    let answer = cards
        .update_one(filter, doc! { "$set": { "text": "mine" } })
        .await;

    assert_eq!(answer.unwrap().matched_count, 0);
    let now = cards.find_by_id(made.id).stored().await.unwrap().unwrap();
    assert_eq!((now.version, now.text.as_str()), (2, "theirs"));
    scene.end(1).await;
}

#[tokio::test]
async fn a_version_that_moved_on_twice_is_ambiguous_and_not_stale() {
    let scene = Scene::new("lost_moved").await;
    let cards = cards(&scene.databases);
    let made = cards.create(card("a")).await.unwrap();
    for text in ["b", "c"] {
        cards
            .update_by_id(made.id, doc! { "$set": { "text": text } })
            .await
            .unwrap();
    }
    scene.lose("update");

    let filter = doc! { "_id": made.id, "version": 1_i64 };
    let answer = cards
        .update_one(filter, doc! { "$set": { "text": "mine" } })
        .await;

    assert!(matches!(answer, Err(Error::Ambiguous { .. })), "{answer:?}");
    scene.end(0).await;
}
