"""Cases of time: lifetimes and clocks, signed in the past or the future rather than waited for."""

from tests.sandbox.s3.scene import Cases, Reply, Scene, edited

case = Cases()
WEEK = 604_800


@case("403 AccessDenied")
def an_expired_url(scene: Scene) -> Reply:
    scene.put()
    return scene.get(expires=60, age=65)


@case("200")
def a_url_five_seconds_before_its_end(scene: Scene) -> Reply:
    scene.put()
    return scene.get(expires=60, age=55)


@case("403 SignatureDoesNotMatch")
def a_lifetime_made_longer_by_hand(scene: Scene) -> Reply:
    scene.put()
    return scene.send("GET", edited(scene.presign("GET", expires=60, age=65), "X-Amz-Expires", "600"))


@case("200")
def a_lifetime_of_seven_days(scene: Scene) -> Reply:
    scene.put()
    return scene.get(expires=WEEK)


@case("400 AuthorizationQueryParametersError")
def a_lifetime_of_more_than_seven_days(scene: Scene) -> Reply:
    scene.put()
    return scene.get(expires=WEEK + 1)


@case("400 AuthorizationQueryParametersError")
def a_negative_lifetime(scene: Scene) -> Reply:
    return scene.get(expires=-5)


@case(
    "400 AuthorizationQueryParametersError",
    juicefs="403 AccessDenied",
    why="MinIO lets it live for no time at all; a signer that asks for it has a fault, and we say so",
)
def a_lifetime_of_nothing(scene: Scene) -> Reply:
    return scene.get(expires=0)


@case("400 AuthorizationQueryParametersError")
def a_lifetime_that_is_no_number(scene: Scene) -> Reply:
    return scene.send("GET", edited(scene.presign("GET"), "X-Amz-Expires", "soon"))


@case("403 AccessDenied")
def a_url_dated_twenty_minutes_ahead(scene: Scene) -> Reply:
    scene.put()
    return scene.get(age=-20 * 60)


@case("200")
def a_url_dated_ten_minutes_ahead(scene: Scene) -> Reply:
    scene.put()
    return scene.get(age=-10 * 60)
