"""What the doctor asks of the bucket: whether it is there, whose links it takes, who may do what, and how it is set up."""

from courses.doctor import configuration, identities, links, reach

CHECKS = (*reach.CHECKS, *identities.CHECKS, *links.CHECKS, *configuration.CHECKS)
