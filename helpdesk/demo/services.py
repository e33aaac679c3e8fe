"""The service catalogue of the demonstration organisation."""

from __future__ import annotations

from dataclasses import dataclass

BODIES = ("Northbridge Town Council", "Northbridge Utilities", "Northbridge Transport")


@dataclass(frozen=True, slots=True)
class Entry:
    """A service: `parent` is a slug, `users` are names of departments (with their descendants)."""

    slug: str
    name: str
    description: str
    team: str
    keywords: str
    users: tuple[str, ...]
    parent: str | None = None
    is_public: bool = False


SERVICES = (
    Entry(
        "network",
        "Network",
        "The data network between all buildings.",
        "Infrastructure",
        "network, cable, switch, offline",
        BODIES,
    ),
    Entry(
        "vpn",
        "VPN",
        "Safe access to internal systems from home and on the road.",
        "Infrastructure",
        "vpn, gateway, remote access, home office, tunnel",
        (
            "Finance",
            "Human Resources",
            "IT Services",
            "Planning and Environment",
            "Communications",
            "Sales",
            "Field Service",
        ),
        "network",
    ),
    Entry(
        "wi-fi",
        "Wi-Fi",
        "Wireless network in offices, libraries and schools.",
        "Infrastructure",
        "wifi, wi-fi, wireless, wlan, access point",
        BODIES,
        "network",
    ),
    Entry(
        "internet",
        "Internet access",
        "The way out to the Internet for all offices.",
        "Infrastructure",
        "internet, browser, web page, proxy",
        BODIES,
        "network",
    ),
    Entry(
        "communication",
        "Communication",
        "Everything people write and talk with.",
        "Service desk",
        "communication",
        BODIES,
    ),
    Entry(
        "e-mail",
        "E-mail",
        "Mailboxes, shared mailboxes and calendars.",
        "Infrastructure",
        "mail, e-mail, email, outlook, mailbox, calendar, inbox",
        BODIES,
        "communication",
    ),
    Entry(
        "telephone",
        "Telephone",
        "Desk telephones, call groups and voicemail.",
        "Infrastructure",
        "telephone, phone, call, voicemail, headset, extension",
        BODIES,
        "communication",
    ),
    Entry(
        "video-meetings",
        "Video meetings",
        "Meetings on screen, and the equipment of the meeting rooms.",
        "Service desk",
        "video, meeting, camera, microphone, meeting room",
        BODIES,
        "communication",
    ),
    Entry(
        "workplace",
        "Workplace",
        "What stands on or under a desk.",
        "Service desk",
        "desk, workplace",
        BODIES,
    ),
    Entry(
        "computers",
        "Computers",
        "Laptops, desktops, screens and what belongs to them.",
        "Service desk",
        "laptop, computer, screen, monitor, keyboard, mouse, docking station, slow",
        BODIES,
        "workplace",
    ),
    Entry(
        "printing",
        "Printing",
        "Printers, scanners and print cards.",
        "Service desk",
        "printer, print, printing, scan, scanner, toner, paper jam, label",
        BODIES,
        "workplace",
    ),
    Entry(
        "file-storage",
        "File storage",
        "Shared folders and home folders, with their backups.",
        "Infrastructure",
        "folder, file, share, drive, storage, restore, backup",
        BODIES,
        "workplace",
    ),
    Entry(
        "business-applications",
        "Business applications",
        "The programs that single departments work with.",
        "Applications",
        "application, program",
        BODIES,
    ),
    Entry(
        "erp",
        "ERP",
        "Invoices, orders, budgets and assets.",
        "Applications",
        "erp, invoice, purchase order, cost centre, ledger, booking, budget",
        ("Finance", "Sales", "Public Works", "Northbridge Transport"),
        "business-applications",
    ),
    Entry(
        "payroll",
        "Payroll and time",
        "Payslips, working time and leave.",
        "Applications",
        "payslip, payroll, salary, time sheet, leave, holiday, clocking",
        BODIES,
        "business-applications",
    ),
    Entry(
        "documents",
        "Document management",
        "Case files, approvals and the archive.",
        "Applications",
        "document, case file, archive, approval, signature",
        ("Finance", "Social Services", "Planning and Environment", "Legal and Governance", "Citizen Services"),
        "business-applications",
    ),
    Entry(
        "citizen-services",
        "Services for citizens",
        "What the people of Northbridge use themselves.",
        "Applications",
        "citizen, public",
        ("Citizen Services", "Communications"),
        is_public=True,
    ),
    Entry(
        "website",
        "Website",
        "northbridge.example and its news pages.",
        "Applications",
        "website, web site, news page, editor",
        ("Communications", "Citizen Services", "Culture and Leisure"),
        "citizen-services",
        is_public=True,
    ),
    Entry(
        "online-forms",
        "Online forms and appointments",
        "Applications, registrations and appointments on the web.",
        "Applications",
        "form, appointment, booking, registration",
        ("Citizen Services", "Planning and Environment", "Education"),
        "citizen-services",
        is_public=True,
    ),
    Entry(
        "online-payments",
        "Online payments",
        "Paying taxes, fees, bills and passes by card.",
        "Applications",
        "payment, card, pay, refund, terminal",
        ("Finance", "Sales", "Tickets and passes", "Parking", "Citizen Services"),
        "citizen-services",
        is_public=True,
    ),
)
