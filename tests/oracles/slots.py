"""Slow twin of the slot counts: a dictionary from slot to its rows."""

from collections import defaultdict


def count(levels, image_of):
    """Slot figures of an assignment.

    Args:
        levels: Per level the rows (ground truth, anchor, grid_y, grid_x, offset) in published order.
        image_of: Image of each ground truth.
    """
    claims = defaultdict(list)
    for level, rows in enumerate(levels):
        for gt, anchor, grid_y, grid_x, _ in rows:
            claims[level, image_of[gt], anchor, grid_y, grid_x].append(gt)
    owned, contested = defaultdict(int), defaultdict(int)
    for claimants in claims.values():
        owned[claimants[-1]] += 1
        for gt in set(claimants) if len(set(claimants)) > 1 else ():
            contested[gt] += 1
    matched = {row[0] for rows in levels for row in rows}
    return {
        "slots": len(claims),
        "contested_slots": sum(len(set(claimants)) > 1 for claimants in claims.values()),
        "self_duplicates": sum(len(claimants) - len(set(claimants)) for claimants in claims.values()),
        "matched_without_slot": sum(gt not in owned for gt in matched),
        "owned": dict(owned),
        "contested": dict(contested),
    }
