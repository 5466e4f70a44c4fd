//! What the customers' common database begins with.

mongoplex::seeds! {
    models::customer_services::Customer: [
        mod plans,
    ]
}
