"""Sound made by FFmpeg's own generators: soft, low and slow."""


def _note(pitch: float, every: float, at: float, loud: float) -> str:
    """A plucked note that comes again, as an expression of the time `t`."""
    since = f"mod(t+{every - at:g}\\,{every:g})"
    return f"{loud:g}*sin(2*PI*{pitch:g}*t)*exp(-1.5*{since})*(1-exp(-60*{since}))"


def _chord(pitches: tuple[float, ...], loud: float, breath: float) -> str:
    return "+".join(
        f"{loud:g}*sin(2*PI*{p:g}*t)*(0.6+0.4*sin(2*PI*t/{breath + i * 2.3:g}))" for i, p in enumerate(pitches)
    )


def _voice(expression: str, *, ceiling: int, gain: int = 0) -> str:
    return f"aevalsrc='{expression}':s=44100,lowpass=f={ceiling},volume={gain}dB,aecho=0.8:0.5:180|310:0.25|0.16"


PLUCKED = "+".join(
    _note(pitch, 10, at, 0.075)
    for pitch, at in ((293.66, 0.5), (369.99, 2.5), (440.0, 4.0), (329.63, 5.5), (246.94, 7.0), (220.0, 8.5))
)
STRINGS = _voice(f"{PLUCKED}+{_chord((146.83, 220.0), 0.018, 9)}", ceiling=1600, gain=9)
WARM = _voice(
    f"{_chord((130.81, 196.0, 246.94, 329.63), 0.028, 8)}+{_note(392.0, 8, 2, 0.045)}+{_note(493.88, 8, 6, 0.03)}",
    ceiling=1200,
    gain=9,
)
SEA = (
    "anoisesrc=c=brown:seed=5:a=0.32:r=44100,lowpass=f=620,highpass=f=70,volume='0.32+0.24*sin(2*PI*t/7.5-1)':eval=frame[wash];"
    f"{_voice(_chord((110.0, 164.81, 220.0), 0.022, 11), ceiling=900)}[low];[wash][low]amix=inputs=2:normalize=0"
)
