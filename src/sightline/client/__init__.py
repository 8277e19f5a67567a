"""The Python client: talk to a Sightline server from your own program.

    headers = {"Authorization": f"Bearer {token}"}
    async with httpx.AsyncClient(base_url="http://127.0.0.1:8000", headers=headers) as http:
        people = await RestClient(http).people()

A method returns when the server has done what was asked, and raises an exception of `sightline.exceptions` otherwise;
none of them leaves anything half done on the client's side, so any call may be made again.
"""
