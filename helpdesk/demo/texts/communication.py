"""Stories about e-mail, telephones and meetings."""

from __future__ import annotations

from helpdesk.demo.texts.story import story

STORIES = (
    story(
        "e-mail",
        "Shared mailbox is missing | Cannot see the mailbox of our office",
        "Since the update on {day} the shared mailbox of our office is gone from my list.",
        "A Hello {first}, I have connected it again. It can take half an hour until it appears; no mail was lost.",
        "R It is back.",
        "A Very good.",
        weight=4,
    ),
    story(
        "e-mail",
        "Mailbox is full | “Your mailbox is almost full”",
        "I cannot send mail any more, my mailbox is full. I need the old ones for a court case.",
        "? I can raise the limit by 5 GB today. Should mail older than two years go to the archive, where you can still"
        " read it?",
        "R Yes please, both.",
        "A Done: the limit is raised, and mail older than two years is in “Online archive” below your inbox.",
        weight=3,
    ),
    story(
        "e-mail",
        "Strange mail asking for my password | Suspicious e-mail “Your salary”",
        "I received a mail that says my salary cannot be paid unless I sign in. I have not clicked anything.",
        "N Known campaign, 31 recipients. Removed from all mailboxes, address blocked.",
        "A Well spotted, {first}: it is a fraud. We have taken it out of all mailboxes. There is nothing more for"
        " you to"
        " do.",
        priority="high",
        weight=3,
    ),
    story(
        "e-mail",
        "I opened an attachment I should not have opened",
        "A mail looked like an invoice of a supplier and I opened the attachment. A window flashed and closed. What"
        " now?",
        "A Please pull the network cable and leave the computer on. I am calling you now.",
        "N Isolated {device}. Macro was blocked by policy, no process started. Scanned clean twice.",
        "A The macro was stopped before it could do anything; we checked the computer twice. You can work again. You"
        " did"
        " right to tell us at once.",
        priority="urgent",
        weight=1,
    ),
    story(
        "e-mail",
        "Distribution list for the project team | New list for all school secretaries",
        "Please set up a distribution list for our project. {person} and I would look after the members.",
        "A The list exists, and you both can change its members in the address book under “My groups”.",
        priority="low",
    ),
    story(
        "e-mail",
        "Calendar does not show meeting rooms | Rooms are missing when I invite",
        "When I plan a meeting the list of rooms is empty. My colleague sees all of them.",
        "? Does it happen in the web mail too?",
        "R No, in the web mail the rooms are there.",
        "A Then the stored address book was broken. I have renewed it on {device}: close the mail program once.",
    ),
    story(
        "e-mail",
        "Out-of-office of a colleague who has left",
        "{person} has left us. Citizens still write to the old address. Can they get an answer that names me?",
        "A An automatic answer with your name is on for three months. After that the address is closed.",
        priority="low",
    ),
    story(
        "telephone",
        "Desk telephone is dead | Telephone in room {room} shows no text",
        "The telephone in room {room} is dark since {hour}. Plugging it out and in does not help.",
        "A I have sent a new one with the house mail; it will be there before noon. Plug it in and it knows your"
        " number.",
        "R It rings. Thank you!",
        "A Enjoy it.",
        weight=3,
    ),
    story(
        "telephone",
        "Add {person} to our call group | Change of our call group",
        "Please take {person} into our call group from {day} on, after the two who are in it.",
        "A {person} is in the group from {day} 7:00, as third in line.",
        priority="low",
        weight=3,
    ),
    story(
        "telephone",
        "Citizens hear music and then nothing | Queue of the contact centre hangs up",
        "Callers in our queue are cut off after exactly two minutes. About fifteen complaints since {hour}.",
        "N Timeout of queue 4 is 120 s since the change on {day}. Was 900.",
        "A A setting was changed by mistake on {day}. Callers now wait up to fifteen minutes again, as before.",
        "R Confirmed, no more complaints.",
        "A We have added this to the checklist of the next change.",
        priority="urgent",
        weight=1,
    ),
    story(
        "telephone",
        "Headset crackles | Headset for a new colleague",
        "My headset crackles so badly that callers complain. It is three years old.",
        "A A new one is ready for you at the service desk, ground floor, from 8 to 16 o’clock.",
        priority="low",
        weight=3,
    ),
    story(
        "video-meetings",
        "Camera in room {room} shows only the ceiling | Screen in room {room} stays black",
        "In room {room} the others cannot see us: the camera points to the ceiling and the remote control does"
        " nothing.",
        "? Is the little light beside the lens green or red?",
        "R Red.",
        "A Then it needed a restart, which I did from here. It looks at the table again.",
    ),
    story(
        "video-meetings",
        "Council meeting must be streamed on {day}",
        "The council meets on {day} at 18:00 and the public should be able to follow. Who sets it up?",
        "N {person} did the last one, notes are in the team folder.",
        "A A colleague will be in the hall at 17:00 on {day} and stays until the end. The address is the same as last"
        " time.",
        "R Wonderful, thank you.",
        "A With pleasure.",
        priority="high",
    ),
    story(
        "video-meetings",
        "Others cannot hear me in meetings",
        "Nobody hears me in video meetings since yesterday. I hear the others well.",
        "A The update chose the wrong microphone. Click the arrow beside the microphone and choose “Headset”.",
        "R That was it.",
        "A Good.",
        weight=3,
    ),
)
