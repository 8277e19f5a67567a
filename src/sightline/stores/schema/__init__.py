"""The tables. A change here needs a migration beside it; a test compares the two.

Times are milliseconds since the epoch. Log entries, events and alerts are history: they keep plain ids of cameras,
users, references and watch lists that may be gone, and are tied only to people, whose erasure must reach them.
"""

from __future__ import annotations

from sightline.stores.schema.alerting import (
    alert_clips,
    alert_pictures,
    alert_tags,
    alert_templates,
    alerts,
    cursors,
    events,
    log_entries,
)
from sightline.stores.schema.cluster import bulletins, camera_leases, chores, engine_seats, gateways, shared_tickets
from sightline.stores.schema.enrolment import (
    gallery_tombstones,
    negative_templates,
    negatives,
    people,
    person_references,
    reference_templates,
    template_models,
    watch_list_people,
    watch_lists,
)
from sightline.stores.schema.installation import audit_records, doomed_files, machine_tokens, meta, users
from sightline.stores.schema.past import sighting_samples, sighting_tombstones, sightings, strangers
from sightline.stores.schema.responding import (
    alert_declines,
    alert_floods,
    channels,
    duty_rosters,
    duty_switches,
    escalation_steps,
    escalations,
    notices,
    push_subscriptions,
    quiet_periods,
)
from sightline.stores.schema.scenes import camera_hours, camera_views, cameras
from sightline.stores.schema.tables import metadata
from sightline.stores.schema.verification import (
    workstation_actions,
    workstation_people,
    workstation_standings,
    workstations,
)

__all__ = [
    "alert_clips",
    "alert_declines",
    "alert_floods",
    "alert_pictures",
    "alert_tags",
    "alert_templates",
    "alerts",
    "audit_records",
    "bulletins",
    "camera_hours",
    "camera_leases",
    "camera_views",
    "cameras",
    "channels",
    "chores",
    "cursors",
    "doomed_files",
    "duty_rosters",
    "duty_switches",
    "engine_seats",
    "escalation_steps",
    "escalations",
    "events",
    "gallery_tombstones",
    "gateways",
    "log_entries",
    "machine_tokens",
    "meta",
    "metadata",
    "negative_templates",
    "negatives",
    "notices",
    "people",
    "person_references",
    "push_subscriptions",
    "quiet_periods",
    "reference_templates",
    "shared_tickets",
    "sighting_samples",
    "sighting_tombstones",
    "sightings",
    "strangers",
    "template_models",
    "users",
    "watch_list_people",
    "watch_lists",
    "workstation_actions",
    "workstation_people",
    "workstation_standings",
    "workstations",
]
