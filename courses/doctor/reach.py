"""Whether the bucket is there, where the settings say it is, and at the same time of day."""

from django.conf import settings

from config.checkup import Check, Finding, good, unknown, weak, wrong
from courses.doctor.words import REACHED, reaching
from courses.storage import StorageError, attempts, probes

LATE, TOO_LATE = 5, 30  # seconds


def is_reached() -> Finding:
    where = f"{settings.S3_BUCKET} at {settings.S3_ENDPOINT_URL}"
    try:
        reply = probes.look()
    except StorageError as error:
        return wrong(
            f"nobody answers for {where} ({error.code})", "Look at S3_ENDPOINT_URL, S3_BUCKET and S3_ADDRESSING_STYLE."
        )
    if reply.status == 404:
        return wrong(f"there is no bucket {where}", "Correct S3_BUCKET, or make it with deploy/bucket.yaml.")
    if reply.status >= 500:
        return wrong(f"{where} answers {reply.status}", "The store has trouble; look again later.")
    return good(f"{where} answers")


@reaching
def is_in_the_region() -> Finding:
    reply = probes.look()
    region = reply.headers.get("x-amz-bucket-region", "")
    if reply.status in (301, 307) or (region and region != settings.S3_REGION):
        there = region or "the bucket's region"
        return wrong(f"the bucket lies in {there}, and S3_REGION says {settings.S3_REGION}", f"S3_REGION={there}")
    told = attempts.attempt("keeper", "list_objects_v2", MaxKeys=1, Prefix=probes.PREFIX)
    if told in ("AuthorizationHeaderMalformed", "AuthorizationQueryParametersError", "PermanentRedirect"):
        return wrong(f"the bucket refuses S3_REGION={settings.S3_REGION}", "S3_REGION=the region your store names")
    if region:
        return good(f"the bucket lies in {region}")
    return unknown(f"the store does not name its region, and takes {settings.S3_REGION}")


@reaching
def agrees_on_the_time() -> Finding:
    reply = probes.look()
    if "date" not in reply.headers:
        return unknown("the store does not tell its time", "timedatectl: it must say that the clock is synchronised.")
    off = f"this machine's clock is {abs(reply.ahead):.0f} s {'ahead of' if reply.ahead > 0 else 'behind'} the bucket's"
    if abs(reply.ahead) > TOO_LATE:
        return wrong(f"{off}: links are born dead, or live on", "timedatectl set-ntp true")
    if abs(reply.ahead) > LATE:
        return weak(off, "timedatectl set-ntp true")
    return good("this machine and the bucket have the same time")


CHECKS = (
    Check(REACHED, is_reached),
    Check("bucket.region", is_in_the_region, needs=(REACHED,)),
    Check("bucket.clock", agrees_on_the_time, needs=(REACHED,)),
)
