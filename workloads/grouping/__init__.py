"""Which alerts are one incident, and what each telling makes of an alert. Pure: no rows, no clock.

`causes` reads what an alert is about from its labels; `turns` follows one alert through what is told of it.
"""
