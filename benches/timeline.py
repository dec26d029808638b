"""A crisis of many rounds as a scenario file: four players, ten state variables, far more histories than one could list.

`text(rounds, tension)` is the file; more levels of tension make more states.
"""

from __future__ import annotations

ROUNDS = 12
TENSION = 4

TEMPLATE = """\
scenario: A crisis of {rounds} rounds
question: Does the crisis end in war?
source: made_up
sources:
  made_up: {{title: Made up to measure speed, kind: judgement}}
players:
  north: {{name: North, precision: 2}}
  south: {{name: South, precision: 2}}
  patron: {{name: The patron, precision: 1}}
  mediator: {{name: The mediator, precision: 1}}
quantities:
  known to all:
    war_cost: 2 to 4
    prize: 1 to 3
    face: 0.1 to 0.4
    aid_cost: 0.1 to 0.3
    order: 0.2 to 0.6
    incident_rate: 10% to 20%
    north_strength: 3 to 6
    south_strength: 2 to 5
state:
  tension: 1 in 0 to {tension}
  fatigue: 0 in 0 to 2
  incident: false
  north_ready: false
  south_ready: false
  north_presses: false
  south_yields: false
  sanctions: false
  aid: false
  talks: false
timeline:
  - rounds: {rounds}
    name: month
    every: 30 days
    moves:
      - chance: event
        outcomes:
          shots: {{probability: "clip(incident_rate * (1 + tension), 0, 0.9)", set: {{incident: true}}}}
          quiet: {{probability: rest, set: {{incident: false}}}}
      - move: north_moves
        player: north
        actions:
          hold: {{set: {{north_presses: false}}, payoffs: {{north: "if sanctions then -face else 0"}}}}
          press:
            if: tension < {tension}
            set: {{north_presses: true, north_ready: true, tension: tension + 1}}
            payoffs: {{north: face, south: -face}}
          strike:
            if: north_ready and tension == {tension}
            end: war
            payoffs:
              north: "contest(north_strength, if aid then 2 * south_strength else south_strength, 1) * prize - war_cost"
              south: -war_cost
              patron: -order
              mediator: -order
      - move: south_moves
        player: south
        actions:
          stand: {{set: {{south_yields: false, south_ready: true}}}}
          yield: {{if: north_presses, set: {{south_yields: true}}, payoffs: {{south: -2 * face, north: face}}}}
          appeal: {{if: incident and not aid, set: {{south_yields: false}}, payoffs: {{patron: -aid_cost / 2}}}}
      - move: patron_moves
        player: patron
        actions:
          watch: {{}}
          sanction: {{if: north_presses and not sanctions, set: {{sanctions: true}}, payoffs: {{patron: -aid_cost}}}}
          support: {{if: south_ready and not aid, set: {{aid: true}}, payoffs: {{patron: "order * 0.2 - aid_cost"}}}}
      - move: mediator_moves
        player: mediator
        actions:
          wait: {{}}
          convene: {{if: not talks, set: {{talks: true, fatigue: "min(fatigue + 1, 2)"}}, payoffs: {{mediator: -0.1}}}}
          ease:
            if: talks and tension > 0 and fatigue < 2
            set: {{tension: tension - 1, talks: south_yields, sanctions: false}}
            payoffs: {{mediator: order * 0.3, patron: order * 0.1}}
outcomes:
  war: {{title: War}}
  truce: {{title: A truce, when: talks and tension == 0}}
questions:
  war: {{title: Is there war?, event: ever(north_moves == strike)}}
  truce: {{title: Is there a truce at the end?, event: talks and tension == 0}}
"""


def text(rounds: int = ROUNDS, tension: int = TENSION) -> str:
    """The scenario file."""
    return TEMPLATE.format(rounds=rounds, tension=tension)
