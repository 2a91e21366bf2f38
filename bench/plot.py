# plot: a line chart as SVG: a few series over a logarithmic axis, drawn without a library.
import math

WIDTH, HEIGHT, LEFT, RIGHT, TOP, BOTTOM = 640, 400, 80, 130, 40, 60
COLORS = ("#1f5fa8", "#b3471f", "#3d7a34", "#7a3d8a")


def decades(low, high):
    return [10 ** power for power in range(math.floor(math.log10(low)), math.ceil(math.log10(high)) + 1)]


def scale(value, low, high, begin, end):
    share = (math.log10(value) - math.log10(low)) / (math.log10(high) - math.log10(low))
    return begin + share * (end - begin)


def number(value):
    return f"{value:,.0f}" if value >= 1 else f"{value:g}"


def write(path, title, x_title, y_title, series):
    """`series`: name -> list of (x, y), all above 0."""
    points = [point for line in series.values() for point in line]
    ticks_x = decades(min(x for x, _ in points), max(x for x, _ in points))
    ticks_y = decades(min(y for _, y in points), max(y for _, y in points))
    ticks_x = ticks_x if len(ticks_x) > 1 else [ticks_x[0], ticks_x[0] * 10]
    ticks_y = ticks_y if len(ticks_y) > 1 else [ticks_y[0], ticks_y[0] * 10]

    def place(x, y):
        return (scale(x, ticks_x[0], ticks_x[-1], LEFT, WIDTH - RIGHT),
                scale(y, ticks_y[0], ticks_y[-1], HEIGHT - BOTTOM, TOP))

    out = [f'<svg xmlns="http://www.w3.org/2000/svg" width="{WIDTH}" height="{HEIGHT}" '
           f'font-family="sans-serif" font-size="12">',
           f'<rect width="{WIDTH}" height="{HEIGHT}" fill="white"/>',
           f'<text x="{LEFT}" y="22" font-size="15">{title}</text>']
    for x in ticks_x:
        at, _ = place(x, ticks_y[0])
        out.append(f'<line x1="{at:.1f}" y1="{TOP}" x2="{at:.1f}" y2="{HEIGHT - BOTTOM}" stroke="#ddd"/>'
                   f'<text x="{at:.1f}" y="{HEIGHT - BOTTOM + 18}" text-anchor="middle">{number(x)}</text>')
    for y in ticks_y:
        _, at = place(ticks_x[0], y)
        out.append(f'<line x1="{LEFT}" y1="{at:.1f}" x2="{WIDTH - RIGHT}" y2="{at:.1f}" stroke="#ddd"/>'
                   f'<text x="{LEFT - 8}" y="{at + 4:.1f}" text-anchor="end">{number(y)}</text>')
    out.append(f'<text x="{(LEFT + WIDTH - RIGHT) / 2:.0f}" y="{HEIGHT - 15}" text-anchor="middle">{x_title}</text>'
               f'<text transform="translate(16 {(TOP + HEIGHT - BOTTOM) / 2:.0f}) rotate(-90)" '
               f'text-anchor="middle">{y_title}</text>')
    for color, (name, line) in zip(COLORS, series.items()):
        places = [place(x, y) for x, y in line]
        out.append(f'<polyline fill="none" stroke="{color}" stroke-width="2" points="'
                   + " ".join(f"{x:.1f},{y:.1f}" for x, y in places) + '"/>')
        out += [f'<circle cx="{x:.1f}" cy="{y:.1f}" r="3" fill="{color}"/>' for x, y in places]
        out.append(f'<text x="{places[-1][0] + 8:.1f}" y="{places[-1][1] + 4:.1f}" fill="{color}">{name}</text>')
    with open(path, "w", encoding="utf-8") as file:
        file.write("\n".join([*out, "</svg>", ""]))
