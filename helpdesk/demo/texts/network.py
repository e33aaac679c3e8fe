"""Stories about the network, VPN, Wi-Fi and the Internet."""

from __future__ import annotations

from helpdesk.demo.texts.story import story

STORIES = (
    story(
        "vpn",
        "Can’t connect to VPN from home | VPN: gateway not reachable | VPN does not connect this morning",
        "Since {hour} the VPN will not connect from home. It says “gateway not reachable”. I have restarted the laptop"
        " and the router. Everything else on the Internet works.",
        "N Second one from the same provider today. Gateway logs show the attempts arriving, then a timeout.",
        "? Hello {first}, thank you. Which provider do you have at home, and do you see the same on your phone’s"
        " hotspot?",
        "R With the hotspot of my phone it connects at once. The provider is Nordnet.",
        "A Your provider dropped long packets. I have set your VPN profile to smaller ones: please sign out of the VPN"
        " and in again. It connects in our test.",
        priority="high",
        weight=5,
    ),
    story(
        "vpn",
        "VPN drops every few minutes | VPN connection keeps breaking",
        "When I work from home the VPN breaks off about every ten minutes and I lose what I typed in the ERP form.",
        "A Hello {first}, your client is two versions old. I have released the new one to laptop {device}; it installs"
        " at the next restart.",
        "R Restarted, and it has been stable for two hours now. Thank you!",
        "A Good to hear. I am closing this; reply here if it comes back.",
        weight=4,
    ),
    story(
        "vpn",
        "VPN for a new colleague | VPN access for {person}",
        "{person} joined us and works from home on Mondays and Fridays. Please set up VPN access.",
        "? Gladly. Please confirm that your head of department agrees, and tell me the name of the laptop.",
        "R Agreed with her this morning. It is laptop {device}.",
        "A VPN is set up for {person}. The first sign-in needs the code that comes by text message.",
        priority="low",
    ),
    story(
        "vpn",
        "VPN asks for a code I never got",
        "The VPN now asks for a sign-in code by text message, but none arrives.",
        "N Number in the profile ends in 41, HR has a newer one.",
        "A Your profile still held your old number. I have put in the new one from HR: ask for the code again.",
        "R That worked.",
        "A Thank you for telling us.",
    ),
    story(
        "wi-fi",
        "No Wi-Fi in meeting room {room} | Wi-Fi is very slow on floor {floor} | Wi-Fi keeps asking for my password",
        "In room {room} on floor {floor} my laptop loses the Wi-Fi again and again. Two colleagues have the same.",
        "N Access point AP-{floor}-07 restarts every 20 minutes. Power supply? Spare is in the cellar.",
        "A Hello {first}, the access point above room {room} had a broken power supply. It was exchanged at {hour}.",
        weight=4,
    ),
    story(
        "wi-fi",
        "Guest Wi-Fi for a workshop on {day} | Guest Wi-Fi for 40 people",
        "On {day} we have about 40 guests in the great hall. Can they use the guest Wi-Fi, and how do they sign in?",
        "A They can. I have made a guest code for {day}, valid from 8:00 to 18:00; the leaflet is on the intranet page"
        " “Guests”. For 40 people the great hall has enough access points.",
        priority="low",
    ),
    story(
        "wi-fi",
        "New tablets cannot join the school Wi-Fi",
        "We got 24 new tablets for the fourth year. None of them joins the Wi-Fi: “certificate not valid”.",
        "? Please send me the serial number of one of them, so that I can see what is on it.",
        "R The sticker says {device}.",
        "N Tablets were delivered without our profile. Pushing it to the whole batch.",
        "A All 24 tablets now have our profile. Switch each of them off and on once, then they join by themselves.",
    ),
    story(
        "network",
        "No network at my desk | Network socket in room {room} is dead",
        "I moved to room {room} and the network socket under the desk does nothing. The cable is fine, I tried"
        " another.",
        "A The socket was never connected. A colleague patched it at {hour}, it is live now.",
        "R Works, thanks for the quick help.",
        "A You are welcome.",
        weight=3,
    ),
    story(
        "network",
        "Depot offline since {hour} | Whole floor {floor} has no network",
        "Nobody on floor {floor} has a network since {hour}. Telephones are off as well.",
        "N Switch in cabinet {room} does not answer. Going there.",
        "A We found it: the power strip in the cabinet had tripped. The floor is back; we exchange the strip this"
        " week.",
        "R Confirmed, everybody is back to work.",
        "A Thank you. The strip was exchanged today.",
        priority="urgent",
        weight=1,
    ),
    story(
        "internet",
        "Web page of the ministry is blocked | Cannot open a supplier’s web page",
        "I need the page of the ministry for a report until {day}, but the browser says it is blocked.",
        "? Please send me the full address, and tell me what you need there.",
        "R It is the statistics portal, I need the tables for the yearly report.",
        "A The filter took it for a file-sharing page. It is open for everybody now.",
    ),
    story(
        "internet",
        "Internet extremely slow after lunch",
        "Every day after 13:00 web pages take half a minute. Internal programs are fine.",
        "N Update server fills the line from 13:00. Moving its window to 21:00.",
        "A A large download ran at noon every day. From today on it runs in the evening.",
        "R Much better, thank you.",
        "A Glad to hear it.",
        priority="low",
    ),
)
