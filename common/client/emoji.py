"""Shortcodes for emoji, for completion. Owns one small table; knows no screen. Pure.

Single code points of double width alone: sequences and characters that need a variation selector
are as wide as each terminal likes, which would break the columns around them.
"""

from typing import Final

_PAIRS: Final = (
    "smile 😄;grin 😁;joy 😂;sweat_smile 😅;wink 😉;blush 😊;heart_eyes 😍;kiss 😘;thinking 🤔;"
    "neutral 😐;expressionless 😑;unamused 😒;rolling_eyes 🙄;smirk 😏;relieved 😌;sleepy 😪;"
    "sleeping 😴;sunglasses 😎;nerd 🤓;confused 😕;worried 😟;open_mouth 😮;scream 😱;cry 😢;"
    "sob 😭;angry 😠;party 🥳;hug 🤗;shrug 🤷;facepalm 🤦;wave 👋;thumbsup 👍;thumbsdown 👎;"
    "ok_hand 👌;clap 👏;pray 🙏;muscle 💪;fingers_crossed 🤞;eyes 👀;heart 💙;broken_heart 💔;"
    "fire 🔥;sparkles ✨;star ⭐;tada 🎉;gift 🎁;trophy 🏆;rocket 🚀;bulb 💡;bell 🔔;lock 🔒;"
    "key 🔑;pushpin 📌;memo 📝;book 📖;calendar 📅;chart 📈;hourglass ⏳;alarm ⏰;coffee ☕;"
    "beer 🍺;pizza 🍕;cake 🍰;cat 🐱;dog 🐶;bug 🐛;snake 🐍;robot 🤖;sun 🌞;rainbow 🌈;"
    "check ✅;cross ❌;question ❓;exclamation ❗;hundred 💯;wrench 🔧;package 📦;zap ⚡"
)

EMOJI: Final = dict(pair.split(" ") for pair in _PAIRS.split(";"))
"""Name (as in `:name:`) to character."""
