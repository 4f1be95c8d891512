//! What the service is for: orders 1 to 100, which can be read and paid.

use axum::Router;
use axum::extract::Path;
use axum::http::StatusCode;
use axum::routing::{get, post};

type Answer = Result<String, (StatusCode, String)>;

pub fn routes() -> Router {
    Router::new()
        .route("/", get(list))
        .route("/{id}", get(show))
        .route("/{id}/payment", post(pay))
}

async fn list() -> String {
    (1..=100).map(|id| format!("/orders/{id}\n")).collect()
}

async fn show(Path(id): Path<u32>) -> Answer {
    let id = existing(id)?;
    Ok(format!("order {id}: {} items\n", id % 10 + 1))
}

async fn pay(Path(id): Path<u32>) -> Answer {
    let id = existing(id)?;
    Ok(format!("order {id} is paid\n"))
}

fn existing(id: u32) -> Result<u32, (StatusCode, String)> {
    let missing = || (StatusCode::NOT_FOUND, format!("There is no order {id}.\n"));
    (1..=100).contains(&id).then_some(id).ok_or_else(missing)
}
