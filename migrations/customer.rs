//! Migrations of the customers' common database; those of each tenant's are in `tenant`.

use models::customer_services::Customer;

mongoplex::migrations! {
    Customer: [
        mod m20260901093000_plans_and_subscriptions,
        mod m20260915093000_unique_plan_codes,
        mod m20260929093000_prices_in_cents,
    ]
}
