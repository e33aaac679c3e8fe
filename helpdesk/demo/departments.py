"""The departments of the demonstration organisation: bodies, their directorates, and the offices in these."""

from __future__ import annotations

# Body → directorate → (people in the directorate itself, office → people in it).
DEPARTMENTS: dict[str, dict[str, tuple[int, dict[str, int]]]] = {
    "Northbridge Town Council": {
        "Finance": (14, {"Accounting": 26, "Budget": 14, "Payroll": 15, "Procurement": 14, "Taxes and fees": 26}),
        "Human Resources": (9, {"Recruitment": 13, "Training": 10, "Occupational health": 9}),
        "IT Services": (6, {"Service desk": 12, "Infrastructure": 12, "Applications": 12}),
        "Education": (
            12,
            {"Primary schools": 72, "Secondary schools": 56, "Nurseries": 40, "School meals": 22},
        ),
        "Social Services": (
            13,
            {
                "Child protection": 28,
                "Care for older people": 42,
                "Housing support": 28,
                "Disability support": 24,
            },
        ),
        "Public Works": (
            9,
            {
                "Roads": 23,
                "Parks and gardens": 30,
                "Waste and recycling": 28,
                "Building maintenance": 22,
                "Fleet": 12,
            },
        ),
        "Planning and Environment": (
            8,
            {"Building permits": 24, "Urban planning": 17, "Environmental health": 16, "Maps and surveying": 9},
        ),
        "Culture and Leisure": (7, {"Libraries": 30, "Museums": 19, "Sports centres": 24, "Events": 11}),
        "Citizen Services": (8, {"Contact centre": 28, "Civil registry": 21, "Elections office": 6}),
        "Public Safety": (6, {"Local police": 40, "Fire prevention": 10, "Civil protection": 9}),
        "Legal and Governance": (5, {"Legal advice": 12, "Council secretariat": 11, "Records and archives": 8}),
        "Communications": (4, {"Press office": 7, "Web and media": 9}),
    },
    "Northbridge Utilities": {
        "Sales": (11, {"Household customers": 22, "Business customers": 14, "Billing": 16}),
        "Water": (5, {"Treatment plant": 19, "Water network": 23, "Laboratory": 7}),
        "Energy": (5, {"District heating": 17, "Metering": 13}),
        "Field Service": (4, {"North district": 18, "South district": 17}),
    },
    "Northbridge Transport": {
        "Buses": (4, {"Depot": 18, "Timetables and drivers": 26}),
        "Tickets and passes": (3, {"Customer points": 14, "Online shop": 6}),
        "Parking": (3, {"Car parks": 11, "Permits": 6}),
    },
}
HEADS_OF_BODIES = {"Northbridge Town Council": 9, "Northbridge Utilities": 4, "Northbridge Transport": 3}

TEAMS = ("Service desk", "Infrastructure", "Applications")
