"""How good a face picture is, and what to do about it.

Five measurements make one score: the sharpness and the exposure of the aligned crop, the pose of the
landmarks, the detector's score, and through them the size. A face is too poor if the score is, or if its
size (the distance between the eyes, which ISO/IEC 29794-5 calls inter-eye distance) or its sharpness
alone is. Reason codes are stable; ``ADVICE`` says what each means for a person.
"""

from dataclasses import dataclass

from facenet_app.domain import DetectedFace, FaceCrop, Quality
from facenet_app.imaging.face_measures import clipped, foreshortening, sharpness
from facenet_app.imaging.quality_score import lost, probability, terms

__all__ = ["ADVICE", "QualityLimits", "assess"]

FACE_TOO_SMALL = "face_too_small"
FACE_BLURRED = "face_blurred"
FACE_TOO_DARK = "face_too_dark"
FACE_TOO_BRIGHT = "face_too_bright"
FACE_TURNED = "face_turned"
FACE_UNCLEAR = "face_unclear"

ADVICE = {
    FACE_TOO_SMALL: "the face is too small in the picture: come closer or use a larger picture",
    FACE_BLURRED: "the face is blurred: hold still, clean the lens or use more light",
    FACE_TOO_DARK: "the face is too dark: use more light, from the front",
    FACE_TOO_BRIGHT: "the face is overexposed: use less light or a shorter exposure",
    FACE_TURNED: "the face is turned away: look into the camera",
    FACE_UNCLEAR: "the face can hardly be made out: uncover it and show all of it",
}
"""What each reason code means, and what helps."""

SHARED_BLAME = 0.5
"""Of the largest loss of score: what loses at least this much is named, too."""
LEAST_BLAME = 0.5
"""Of the regression's sum: what loses less has hardly changed the odds."""


@dataclass(frozen=True, slots=True)
class QualityLimits:
    """Least distance between the eyes in pixels of the picture, least sharpness, and least score 0 … 1."""

    min_eye_distance: float
    min_sharpness: float
    min_score: float = 0.0


def assess(face: DetectedFace, crop: FaceCrop, limits: QualityLimits) -> Quality:
    """The quality of one face, with the reasons why it is too poor, if it is."""
    eyes, sharp, pose = face.landmarks.eye_distance, sharpness(crop.pixels), foreshortening(face.landmarks)
    black, white = clipped(crop.pixels)
    lit = 1 - black - white
    values = terms(sharpness=sharp, detector_score=face.score, exposure=lit, pose=pose)
    score = probability(values)
    reasons = []
    if eyes < limits.min_eye_distance:
        reasons.append(FACE_TOO_SMALL)
    if sharp < limits.min_sharpness:
        reasons.append(FACE_BLURRED)
    if score < limits.min_score:
        reasons += _blamed(lost(values), FACE_TOO_DARK if black > white else FACE_TOO_BRIGHT)
        reasons = reasons or [FACE_UNCLEAR]
    return Quality(
        eye_distance=eyes,
        sharpness=sharp,
        reasons=tuple(dict.fromkeys(reasons)),
        exposure=lit,
        pose=pose,
        score=score,
    )


def _blamed(losses: dict[str, float], badly_lit: str) -> list[str]:
    """What cost most of the score, and what cost nearly as much.

    The detector's score falls with everything else, so it is no reason beside another.
    """
    codes = {"sharpness": FACE_BLURRED, "exposure": badly_lit, "pose": FACE_TURNED}
    least = max(LEAST_BLAME, SHARED_BLAME * max(losses[name] for name in codes))
    return [code for name, code in codes.items() if losses[name] >= least]
