"""What was seen before: sightings, strangers, and who somebody is not."""
