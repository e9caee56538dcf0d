"""
What the viewer and the receiver share: who may ask, what a refusal says, and the server under both.

`guard` looks at the headers of a request, with `keys` and `hosts`; `body` reads what comes with it;
`refusal` and `envelope` say why it cannot be taken; `server` runs an application.

It needs Starlette and uvicorn, which come with the extra `viewer`.
"""
