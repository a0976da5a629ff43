"""Every sentence of the page that does not come from an error or a result."""

from collections.abc import Mapping
from typing import Final

from facenet_app.domain import Decision, OperatingPoint

TITLE: Final = "facenet_app"
TAGLINE: Final = "Is this the same person? Faces compared on this machine, at a measured error rate."

DECISIONS: Final = {
    Decision.MATCH: "Same person",
    Decision.NON_MATCH: "Different people",
    Decision.REVIEW: "Cannot say – a person should look",
}
"""The answer to a comparison of two photos."""

FACE_DECISIONS: Final = {
    Decision.MATCH: "recognized",
    Decision.NON_MATCH: "not recognized",
    Decision.REVIEW: "a person should look",
}
"""The answer for one face of a photo that is compared with the gallery."""

UNKNOWN: Final = "unknown"

VERIFY_TAB: Final = "Verify"
VERIFY_INTRO: Final = "Two photos: is it the same person?"
PROBE: Final = "Probe – the face to check"
REFERENCE: Final = "Reference – the face to compare with"
COMPARE: Final = "Compare"
PROBE_FACE: Final = "Face of the probe"
REFERENCE_FACE: Final = "Face of the reference"
FACE_HINT: Final = "Several were found; they are numbered from the left."
EXAMPLES: Final = "No photos at hand? Try an example:"
EXAMPLE_SAME: Final = "Eileen Collins, twice"
EXAMPLE_DIFFERENT: Final = "Eileen Collins and Grace Hopper"
TWO_PHOTOS: Final = ("two photos are needed", "choose one for each side, then compare")
RATE: Final = "Error rate accepted"
RATE_HINT: Final = (
    "About so many pairs of different people would pass as the same person. A stricter rate lets fewer pass "
    "and misses more of the right people."
)
RATE_HINT_REVIEW: Final = (
    "About so many pairs of different people would not be told apart at once: they pass, or are left to "
    "a person."
)
THRESHOLD: Final = "threshold"
REVIEW_TO: Final = "review up to"
ZONE_MATCH: Final = "same person"
ZONE_REVIEW: Final = "a person should look"
ZONE_NON_MATCH: Final = "different people"
AS_COMPARED: Final = "What was compared: both faces, aligned"
DETAILS: Final = "Result as data (JSON)"

BATCH: Final = "Many pairs at once"
BATCH_INTRO: Final = (
    "Give a ZIP file of pictures and a CSV table of pairs (columns probe and reference, with names as in the "
    "ZIP file), or two ZIP files: then pictures of the same name are compared."
)
BATCH_FILES: Final = "ZIP and CSV, or two ZIP files (the probes first)"
BATCH_COMPARE: Final = "Compare all"
BATCH_DOWNLOAD: Final = "Save as CSV"
BATCH_NEEDED: Final = (
    "a ZIP file of pictures and a CSV table of pairs, or two ZIP files, are needed",
    "choose exactly two files",
)
BATCH_COLUMNS: Final = (
    "the table has no columns named probe and reference",
    "name them in its first line",
)
PICTURE_MISSING: Final = ("a picture of this pair is not in the files", "check its name")
BATCH_TABLE: Final = ("Probe", "Reference", "Distance", "Decision")

IDENTIFY_TAB: Final = "Identify"
IDENTIFY_INTRO: Final = "One photo: who of the enrolled people is in it?"
SEARCH_RATE: Final = RATE
SEARCH_RATE_HINT: Final = (
    "At most so many faces of people who are not enrolled may be given a name. The threshold follows from "
    "the number of enrolled pictures."
)
PHOTO: Final = "Photo"
IDENTIFY: Final = "Identify"
ONE_PHOTO: Final = ("a photo is needed", "choose one first")
EMPTY_GALLERY: Final = (
    "Nobody is enrolled yet, so every face is unknown. Enroll somebody in the tab “Enroll” first."
)
FACE_COLUMNS: Final = ("Face", "Name", "Distance", "Decision")

LIVE: Final = "Live camera"
LIVE_INTRO: Final = (
    "Start the camera: whoever is before it is looked for all the time. A name is shown once several "
    "pictures in a row agree on it. Nothing is recorded."
)
CAMERA: Final = "Camera"
LOOKING: Final = "looking…"
NOBODY_SEEN: Final = "Nobody is before the camera."
LIVE_PICTURE: Final = "The newest picture of the camera with its faces"

ENROLL_TAB: Final = "Enroll"
ENROLL_INTRO: Final = (
    "Add a person to the gallery, or more pictures of somebody in it. Three to five photos on different "
    "days work best."
)
NAME: Final = "Name"
NAME_HINT: Final = "The person's name, as it shall be shown"
PHOTOS: Final = "Photos (several at once are fine)"
SHOT: Final = "Or take one with the camera"
ENROLL: Final = "Enroll"
SOME_PHOTO: Final = ("no photo was given", "choose at least one photo of the person, or take one")
CONSENT: Final = "What the person agreed to (optional)"
CONSENT_HINT: Final = "such as: signed form 12"
UNTIL: Final = "Until (optional)"
UNTIL_HINT: Final = "such as: 2027-11-21; from then on the person is never found"
ENROLL_MANY: Final = "Many people at once"
ENROLL_MANY_INTRO: Final = (
    "Give a ZIP file with one folder of pictures for each person, named after the person. Pictures that "
    "cannot be used are listed with the reason; the others are stored."
)
ENROLL_ALL: Final = "Enroll all"
REFUSED: Final = "Not stored"

GALLERY_TAB: Final = "Gallery"
FIND: Final = "Find by name"
PEOPLE: Final = "Enrolled people"
NOBODY: Final = "Nobody is enrolled yet. The tab “Enroll” adds the first person."
NOBODY_FOUND: Final = "Nobody of this name is enrolled."
NOBODY_CHOSEN: Final = ("nobody is chosen", "pick a person from the list first")
NEW_NAME: Final = "New name"
RENAME: Final = "Rename"
REMOVE: Final = "Remove…"
REMOVE_YES: Final = "Yes, remove"
MERGE_YES: Final = "Yes, make them one person"
CANCEL: Final = "Cancel"
NO_CROP: Final = "no picture kept"

MODELS_TAB: Final = "Models"
MODELS_INTRO: Final = "Which model compares the faces, and what its thresholds cost."
IN_USE: Final = "in use"
MODEL: Final = "Model"
NO_THRESHOLD: Final = "No threshold was measured for this model yet: measure one below, on your own pictures."
POINT_COLUMNS: Final = (
    "Different people that pass",
    "Threshold",
    "Measured",
    "Same people missed",
    "Pictures",
)
MEASURE: Final = "Measure on your own pictures"
MEASURE_INTRO: Final = (
    "Thresholds hold for pictures like those they were measured on. Give a ZIP file with one folder of "
    "pictures for each person; the pictures are deleted when the answer is there."
)
MEASURE_BUTTON: Final = "Measure"
ZIP: Final = "ZIP file of folders"
ZIP_NEEDED: Final = ("a ZIP file is needed", "choose one with a folder of pictures for each person")
MEASURED: Final = "Measured on your pictures"
USE_POINTS: Final = "Use these thresholds from now on"
POINTS_KEPT: Final = "These thresholds are used from now on, and after the next start, too."
NOTHING_MEASURED: Final = ("there is nothing to use yet", "measure first")

RUNS: Final = "Training runs"
RUNS_INTRO: Final = (
    "What a run of `facenet-app train` has learned so far; the curves follow it while it trains."
)
RUN: Final = "Run"
NO_RUNS: Final = "There are no training runs yet: `facenet-app train` makes the first one."
NO_SUCH_RUN: Final = ("this run is not there any more", "choose another one")
NOT_BEGUN: Final = "This run has not finished its first batch yet."

INTERNAL: Final = (
    "Something went wrong in the program itself. Try again; if it happens again, see the server's log."
)
RESPONSIBLE_USE: Final = (
    "No liveness check: a photo of a photo passes. Do not use this alone to open doors or accounts, or to "
    "accuse anybody; let a person decide where it matters, and enroll only people who agreed."
)


def count(number: int, one: str, several: str) -> str:
    """``1 photo``, ``2 photos``."""
    return f"{number:,} {one if number == 1 else several}"


def headline(decision: Decision, distance: float, threshold: float, *, usable: bool = True) -> str:
    """The two numbers behind a decision, in words. ``usable``: the pictures are good enough to say."""
    shown, limit = told_apart(distance, threshold)
    if not usable:
        return f"Distance {shown}, threshold {limit}, but the pictures are too poor to decide."
    if decision is Decision.REVIEW:
        return f"Distance {shown}, above the threshold of {limit}, but too close to call."
    side = "within" if decision is Decision.MATCH else "above"
    return f"Distance {shown}, {side} the threshold of {limit}."


def told_apart(distance: float, threshold: float) -> tuple[str, str]:
    """Both numbers with three digits after the point, or as many as show which one is larger."""
    for digits in range(3, 17):
        shown, limit = f"{distance:.{digits}f}", f"{threshold:.{digits}f}"
        if shown != limit or distance == threshold:
            break
    return shown, limit


def rate(value: float) -> str:
    """An error rate to choose: ``1 in 1,000 (0.1 %)``."""
    return f"1 in {round(1 / value):,} ({100 * value:g} %)"


def by_hand(threshold: float) -> str:
    """The threshold of the settings as a choice."""
    return f"threshold {threshold:g}, set by hand"


def default(choice: str) -> str:
    """The choice that holds unless another one is made."""
    return f"{choice}, default"


def band(review: float, target_fmr: float | None) -> str:
    """What lies between the thresholds of MATCH and of REVIEW."""
    words = f"From there up to {review:.3f} a person should look"
    if target_fmr is None:
        return f"{words}."
    return f"{words}: about 1 in {round(1 / target_fmr):,} different-person pairs come that near."


def decided_at(point: OperatingPoint) -> str:
    """At which false match rate decisions are made, in a few words."""
    if point.target_fmr is None:
        return f"threshold {point.threshold:g}, set by hand: its false match rate is not known"
    return f"false match rate 1 in {round(1 / point.target_fmr):,} (threshold {point.threshold:.3f})"


def scale_label(distance: float, threshold: float, review: float | None = None) -> str:
    """The scale, for those who do not see it."""
    shown, limit = told_apart(distance, threshold)
    label = f"Distance {shown} on a scale from 0 to 2, where {limit} is the threshold"
    return label if review is None else f"{label} and a person should look up to {review:.3f}"


def batch_counts(decisions: Mapping[Decision, int], failed: int) -> str:
    """How many pairs got which answer."""
    said = [f"{DECISIONS[each]}: {decisions[each]:,}" for each in Decision if decisions[each]]
    return " · ".join([*said, *([f"could not be compared: {failed:,}"] if failed else [])])


def first_pairs(shown: int, number: int) -> str:
    """A table that is cut."""
    return f"The first {shown:,} of {number:,} pairs; the CSV file has them all."


def faces_found(found: int, recognized: int) -> str:
    """The headline of an identification."""
    return f"{count(found, 'face', 'faces')} found, {recognized:,} recognized"


def stored(number: int, name: str) -> str:
    """The headline of an enrollment."""
    return f"Stored {count(number, 'picture', 'pictures')} of {name}" if number else "Nothing was stored"


def stored_of(pictures: int, people: int) -> str:
    """The headline of an enrollment of many people."""
    of = f"{count(pictures, 'picture', 'pictures')} of {count(people, 'person', 'people')}"
    return f"Stored {of}" if pictures else "Nothing was stored"


def known_before(pictures: int) -> str:
    """Pictures that were enrolled before."""
    return f"{count(pictures, 'picture was', 'pictures were')} enrolled before, and not stored twice."


def and_more(number: int) -> str:
    """A list that is cut."""
    return f"… and {number:,} more."


def samples_now(number: int) -> str:
    """What the gallery holds of a person after an enrollment."""
    return f"The gallery now holds {count(number, 'picture', 'pictures')} of this person."


def person_line(name: str, samples: int, since: str) -> str:
    """One person in the list."""
    return f"{name}  ·  {count(samples, 'picture', 'pictures')}  ·  since {since}"


def consent(note: str | None, end: str | None) -> str:
    """What a person agreed to, and until when."""
    agreed = f"Consent: {note}." if note else "Consent: no note."
    return f"{agreed} From {end} on (UTC) this person is found no more." if end else agreed


def shown_of(shown: int, number: int) -> str:
    """How many people the list shows."""
    if shown < number:
        return f"The first {shown:,} of {number:,} people; find others by name."
    return count(number, "person", "people")


def renamed(old: str, new: str) -> str:
    """After a person got another name."""
    return f"{old} is now called {new}."


def merged(old: str, new: str, samples: int) -> str:
    """After two people became one."""
    return f"{old} and {new} are now one person, {new}, with {count(samples, 'picture', 'pictures')}."


def removed(name: str, samples: int) -> str:
    """After a person was removed."""
    return f"{name} was removed, with {count(samples, 'picture', 'pictures')}."


def ask_merge(old: str, new: str) -> str:
    """Before two people become one."""
    return f"Somebody called {new} is enrolled already. Are {old} and {new} the same person?"


def ask_remove(name: str, samples: int) -> str:
    """Before a person is removed."""
    what = count(samples, "picture", "pictures")
    return f"Remove {name} with {what}? This cannot be undone."


def model_line(model: str, dimension: int, engine: str, device: str) -> str:
    """The model in use, in one line."""
    return f"{model}: {dimension} numbers a face, computed by {engine} on {device}"


def measured_rate(value: float, low: float, high: float) -> str:
    """An error rate with its interval: ``0.12 % (0.10 to 0.15)``."""
    return f"{100 * value:.3g} % ({100 * low:.2g} to {100 * high:.2g})"


def measured_on(dataset: str, pictures: int | None, people: int | None, date: str) -> str:
    """What a threshold was measured on, and when."""
    of = f", {pictures:,} pictures of {people:,} people" if pictures and people else ""
    return f"{dataset}{of}, {date}"


def zip_of(pictures: int, people: int, failures: int) -> str:
    """What was in the file."""
    found = f"{count(pictures, 'picture', 'pictures')} of {count(people, 'person', 'people')}"
    return f"{found}, no face in {failures:,}" if failures else found


def run_so_far(batches: int, epochs: int, finished: bool) -> str:
    """How far a training run is."""
    done = f"{count(batches, 'batch', 'batches')}, {count(epochs, 'epoch', 'epochs')}"
    return f"{done}, finished" if finished else f"{done} so far"


def loading(model: str) -> str:
    """The first line on the terminal."""
    return f"Loading the model {model} … (the first start also converts it, which takes some seconds more)"


def port_taken(port: int, instead: int) -> str:
    """Another program listens on the port asked for."""
    return f"Port {port} is taken; using {instead} instead."


def ready(address: str) -> str:
    """The page can be opened."""
    return f"The page is at {address}, the API at {address}/api/v1  (Ctrl+C stops it)"


def api_ready(address: str) -> str:
    """The API answers, and there is no page."""
    return f"The API is at {address}/api/v1  (Ctrl+C stops it)"


NOT_ENCRYPTED: Final = (
    "Keys and pictures cross the network in the clear: give --tls-cert and --tls-key, or put an HTTPS proxy "
    "before it."
)
