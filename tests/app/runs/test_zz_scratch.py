import random, traceback
from dataclasses import replace
import pytest
from opsbot.app.requests import *
from opsbot.app.incident.requests import *
from opsbot.app.runs.requests import *
from opsbot.domain.errors import *
from opsbot.domain.errors import OpsbotError
from opsbot.domain.prose import words
from opsbot.domain.runbook import *
from tests.support.incident_life import settle
from tests.support.routes import stored
from tests.support.runs import *
from tests.support.runs import run
from tests.support.world import *
from tests.support.world import policy, workflow
SECRET="JaneDoe-Xyz"
async def tried(aw, what):
    try:
        r = await aw
        print(what, "OK", getattr(r, "body", {}).get("note") if hasattr(r, "body") else r)
    except BaseException as e: print(what, type(e).__name__, e, getattr(e, "hint", ""))

async def test_secret_in_errors():
    T="{{ text }}"
    acts=[("kill",dict(provider=T)),("kill",dict(model=T)),("kill",dict(workflow=T)),("kill",dict(mode=T)),("kill",{"for":T}),
     ("restore",dict(workflow=T)),("restore",dict(of=T)),("restore",dict(reason=T)),("rollback",dict(workflow=T)),("rollback",dict(to=T)),("rollback",dict(reason=T,to="r1")),
     ("route",dict(model=T)),("route",dict(model="openai/"+T)),("route",dict(to=T)),("route",dict(strategy=T)),("route",dict(model="openai/gpt-5-mini",reason=T)),
     ("page",dict(who=T,reason="x")),("page",dict(reason=T)),("page",dict(who=T,reason=T)),("incident",dict(update=T)),("incident",dict(type=T)),("incident",dict(status="mitigated",reason=T)),("incident",dict(title=T)),
     ("approve",dict(what=T)),("verify",dict(workflow=T,expect="live")),("verify",dict(suite=T,min="0.9",metric="x")),("verify",dict(suite="x",metric=T,min="0.1")),("capture",dict(workflow=T,what=("kills",))),("capture",dict(what=(T,))),("wait",{"for":T})]
    for secret in (SECRET,"jane doe","JANEDOE/x9","bob smith, acme <x@y.zz>"):
      for low in (0,1):
        steps=[step(f"{T} {i}",action(v,**a),id=f"s{i}",boxes=(Box("b1",words(T)),)) for i,(v,a) in enumerate(acts)]
        house=await walked_company(book(Phase("p",T,1,steps=tuple(steps)),params=(Param("workflow","workflow"),Param("text","text"))))
        await started(house,params={"text":secret},**({"mode":"drill"} if low else {}))
        await stored(house, COPILOT)
        for i,(v,a) in enumerate(acts):
            try: await pressed(house,f"s{i}",by=INES)
            except OpsbotError as e: pass
            except Exception as e: print("CRASH",v,a,type(e),e)
            j=[str(l) for l in house.server.lines]
            for l in j:
                if secret.lower() in l.lower():
                    print("LEAK",low,repr(secret),v,a,l[max(l.lower().index(secret.lower())-200,0):][:320]); break
            else: continue
            break
    assert 0

async def test_renew_to_readable():
    house=await walked_company(book(Phase("p","x",1,steps=(step("A"),step("B",who="comms"))),name="imported/x",imported=True,params=()))
    await started(house,"imported/x")
    house.bot.procedures.put(book(Phase("p","y",1,steps=()),name="imported/x",imported=True,readable=True,params=()))
    await tried(house.bot.runs.end(EndRun(RUN,"renew"),INES,request_id="renew"),"renew")
    print(run(house).focus)
    for wt in ("show","steps","catchup","list"):
        await tried(house.bot.runs.look(RunLook(wt,RUN),INES),wt)
    for a in ("done","back","note","skip"):
        await tried(marked(house,a,words="x",by=INES),a)
    await tried(house.bot.runs.document(RUN,INES),"doc")
    await settle(house)
    await tried(house.bot.runs.end(EndRun(RUN,"finish"),INES,request_id="fin"),"finish")
    assert 0
