//! Migrations of each tenant's own database.

use models::customer_services::Customer;
use mongoplex::migrate::Tenants;

mongoplex::migrations! {
    Tenants<Customer>: [
        mod m20260901100000_members_and_clients,
        mod m20260904100000_products_and_projects,
        mod m20260908100000_contacts_and_notes,
        mod m20260911100000_consultants,
        mod m20260922100000_clients_by_tier,
        mod m20260929100000_clients_not_by_status_alone,
        mod m20261006100000_strict_clients,
    ]
}
