"""Results in, Plotly figures out: no Streamlit here, no arithmetic beyond scaling. Figure functions return figures.

frame       the layout that all figures share, and text made safe for Plotly
cost        cost over volume and by line
compliance  the cheapest option on each kind of path
traffic     lengths of requests
usage       load over time, and shares of models and teams
phases      roofline, time by term and latency under load
rents       price of a GPU over time
accuracy    predicted against measured runs
"""
