//! What a tenant has subscribed to.

use mongoplex::{
    Broken, Index, Model, Resource, TenantId, Upkeep,
    bson::{DateTime, Document, doc},
};
use serde::{Deserialize, Serialize};

/// A tenant's subscription to a plan. A tenant has one; a former one is deleted and stays on record.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Subscription {
    /// Whose it is, unique.
    pub tenant_id: TenantId,
    /// The code of the plan.
    pub plan_code: String,
    /// Where it stands.
    #[serde(default)]
    pub status: SubscriptionStatus,
    /// How many may use it, from 1.
    pub seats: i32,
    /// When it begins.
    pub starts_at: DateTime,
    /// When the trial is over; none without a trial.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub trial_ends_at: Option<DateTime>,
    /// When it ends; none while it goes on.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub ends_at: Option<DateTime>,
}

/// Where a subscription stands.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum SubscriptionStatus {
    /// Being tried.
    #[default]
    Trial,
    /// Paid for.
    Active,
    /// To be paid for.
    PastDue,
    /// Ended by the tenant.
    Cancelled,
    /// Over.
    Expired,
}

impl Model for Subscription {
    const COLLECTION: &str = "subscriptions";
    const INDEXES: &[Index] = &[
        Index::on(&["tenantId"]).unique(),
        Index::on(&["planCode", "_id"]),
        Index::on(&["status", "_id"]),
    ];
    const UPKEEP: Upkeep = Upkeep::SoftDelete;

    fn validator() -> Option<Document> {
        Some(doc! {
            "required": ["tenantId", "planCode", "status", "seats", "startsAt"],
            "properties": {
                "tenantId": { "bsonType": "string", "pattern": "^[a-z0-9][a-z0-9-]{0,35}\\z" },
                "planCode": { "bsonType": "string", "pattern": "^[a-z0-9-]{1,40}\\z" },
                "status": { "enum": ["trial", "active", "past_due", "cancelled", "expired"] },
                "seats": { "bsonType": "int", "minimum": 1, "maximum": 100_000 },
                "startsAt": { "bsonType": "date" },
                "trialEndsAt": { "bsonType": "date" },
                "endsAt": { "bsonType": "date" },
            },
        })
    }
}

impl Resource for Subscription {
    const FILTERS: &[&str] = &[
        "tenantId", "planCode", "status", "seats", "startsAt", "endsAt",
    ];

    fn check(&self, before: Option<&Self>) -> Result<(), Broken> {
        let same_tenant = before.is_none_or(|before| before.tenant_id == self.tenant_id);
        Broken::unless(same_tenant, "tenantId", "a subscription stays its tenant's")?;
        let after = |end: Option<DateTime>| end.is_none_or(|end| end > self.starts_at);
        Broken::unless(
            after(self.trial_ends_at),
            "trialEndsAt",
            "must be after `startsAt`",
        )?;
        Broken::unless(after(self.ends_at), "endsAt", "must be after `startsAt`")
    }
}
