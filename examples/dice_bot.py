"""A bot that rolls dice: `python examples/dice_bot.py`, then say `!roll 20` in general.

It takes the options of client_cli.py: `--server 192.168.1.20 --trust-first --room games`.
"""

import random
import sys
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parent.parent))

from common.client.bot import Bot, Message

bot = Bot(nick="dice")


@bot.command("roll", help="roll a die")
def roll(message: Message, sides: str = "6") -> str:
    """The number of sides is what the person typed: where it is none, the bot says sorry."""
    return f"{message.nick} rolls {random.randint(1, int(sides))}"


@bot.on_message(r"(?i)\bhello dice\b")
def greet(message: Message, _match: object) -> str:
    """Answers whoever says hello."""
    return f"Hello {message.nick}! Say !help for what I can do."


if __name__ == "__main__":
    bot.run()
