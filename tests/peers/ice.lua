-- Our ICE agent, Alice's, and an independent one, Bob's: aioice (Debian's python3-aioice 0.8.0) or libnice (libnice10
-- 0.1.21). Which pair they agree on behind each pair of NATs, in both roles, and where both want to control. Relays are
-- coturn's.
--
-- What aioice does differently from RFC 8445: as the controlling side it nominates every pair at once, in its
-- first check (the aggressive nomination of RFC 5245), and takes the first that succeeds; so where it controls, it may
-- settle for another pair than the best. It begins a check every 20 ms, not every 50, and keeps its tie-breaker when a
-- conflict of roles has cost it its role.
--
-- What libnice does differently, unless it is told otherwise: it nominates aggressively as well (RFC 5245; regularly in
-- the runs called "libnice regular"); it begins a check every 20 ms; it looks for a UPnP gateway, which is turned off
-- here; and its property controlling-mode goes on saying what it was told, whatever a conflict of roles has made of it.
-- Over TCP (RFC 6544), which aioice lacks, libnice has active and passive candidates at its own addresses alone: none
-- that opens a connection simultaneously, and none that a server has seen. So one of the two must be reachable as it
-- is.
--
-- Consent (RFC 7675): aioice asks every 5 s as well, and gives up after six silences, here after two; libnice asks
-- where it is told to, and gives up after 10 s.
local programs = {}

programs.aioice = [[
import asyncio, sys, aioice

aioice.ice.CONSENT_FAILURES = 2

async def main(role, server, lines):
    ice = aioice.Connection(ice_controlling=role == "controlling", stun_server=(server, 3478),
        turn_server=(server, 3478), turn_username="lab", turn_password="secret", use_ipv6=False)
    await ice.gather_candidates()
    print("ice-ufrag:" + ice.local_username)
    print("ice-pwd:" + ice.local_password)
    for candidate in ice.local_candidates:
        print("candidate:" + candidate.to_sdp())
    print("end-of-candidates", flush=True)
    for line in lines.split("\n"):
        name, _, value = line.partition(":")
        if name == "ice-ufrag":
            ice.remote_username = value
        elif name == "ice-pwd":
            ice.remote_password = value
        elif name == "candidate":
            await ice.add_remote_candidate(aioice.Candidate.from_sdp(value))
    await ice.add_remote_candidate(None)
    await ice.connect()
    said = await ice.recv()
    await ice.send(said + b" and back")
    print("heard", said.decode(), flush=True)
    await ice.recv()                                          # until Alice has heard, too
    await ice.close()
    print("controlling" if ice.ice_controlling else "controlled", flush=True)

asyncio.run(main(*sys.argv[1:4]))
]]

-- Its Python bindings lack the call that hears, which is made of the library itself.
programs.libnice = [[
import ctypes, sys, gi
gi.require_version("Nice", "0.1")
from gi.repository import GLib, Nice

role, server, lines, *how = sys.argv[1:]
loop = GLib.MainLoop()
flags = Nice.AgentOption.CONSENT_FRESHNESS
if "regular" in how:
    flags |= Nice.AgentOption.REGULAR_NOMINATION
ice = Nice.Agent.new_full(loop.get_context(), Nice.Compatibility.RFC5245, flags)
ice.props.upnp = False
ice.props.ice_tcp = "tcp" in how
ice.props.ice_udp = "tcp" not in how
ice.props.controlling_mode = role == "controlling"
ice.props.stun_server, ice.props.stun_server_port = server, 3478
stream = ice.add_stream(1)
ice.set_relay_info(stream, 1, server, 3478, "lab", "secret", Nice.RelayType.UDP)

def gathered(agent, stream):
    _, ufrag, pwd = ice.get_local_credentials(stream)
    print("ice-ufrag:" + ufrag)
    print("ice-pwd:" + pwd)
    for candidate in ice.get_local_candidates(stream, 1):
        print(ice.generate_local_candidate_sdp(candidate).replace("a=", ""))
    print("end-of-candidates", flush=True)
    told = dict(line.partition(":")[::2] for line in lines.split("\n"))
    ice.set_remote_credentials(stream, told["ice-ufrag"], told["ice-pwd"])
    candidates = [ice.parse_remote_candidate_sdp(stream, "a=" + line)
        for line in lines.split("\n") if line.startswith("candidate:")]
    ice.set_remote_candidates(stream, 1, [c for c in candidates if c])
    ice.peer_candidate_gathering_done(stream)

def hear(agent, stream, component, length, buf, data):
    said = ctypes.string_at(buf, length).decode()
    if said == "enough":
        print("controlling" if ice.props.controlling_mode else "controlled", flush=True)
        loop.quit()
    else:
        print("heard", said, flush=True)
        answers.append(said + " and back")
        answer()

# It may hear on a pair before it has one to send by.
answers = []
def answer(*_):
    while answers and ice.send(stream, 1, len(answers[0]), answers[0]) == len(answers[0]):
        answers.pop(0)

kind = ctypes.CFUNCTYPE(None, ctypes.c_void_p, ctypes.c_uint, ctypes.c_uint, ctypes.c_uint, ctypes.c_void_p,
    ctypes.c_void_p)
hearing = kind(hear)
ctypes.CDLL("libnice.so.10").nice_agent_attach_recv(ctypes.c_void_p(hash(ice)), stream, 1, None, hearing, None)
ice.connect("candidate-gathering-done", gathered)
ice.connect("new-selected-pair", answer)
ice.connect("component-state-changed", answer)

ice.gather_candidates(stream)
loop.run()
]]

local cone, symmetric = "port-restricted-cone", "symmetric"

-- Who says nothing for 9 s gets another port, and is not found any more: what keeps consent is the keepalive, too.
local brief = { base = cone, udp = { timeout = "9s", ports = "random" } }

-- Of TCP's, one side has no NAT. `relayed`: nothing else can connect them.
local cases = {
  ["cone and cone"]                = { a = cone, b = cone },
  ["cone and symmetric"]           = { a = "full-cone", b = symmetric },
  ["symmetric and cone"]           = { a = symmetric, b = "full-cone" },
  ["symmetric twice"]              = { a = "symmetric-random", b = "symmetric-random", relayed = true },
  ["mapped port"]                  = { a = symmetric, b = "symmetric-random", mapped = 4000 },
  ["double NAT"]                   = { a = cone, b = cone, isp = "carrier-grade" },
  ["one LAN"]                      = { a = symmetric, b = symmetric, lan = true },
  ["a long silence"]               = { a = brief, b = brief, silence = "13s" },
  ["TCP on one LAN"]               = { a = symmetric, b = symmetric, lan = true, tcp = true },
  ["TCP from behind our NAT"]      = { a = cone, tcp = true },
  ["TCP from behind their NAT"]    = { b = cone, tcp = true },
}

local over_udp = { "cone and cone", "cone and symmetric", "symmetric and cone", "symmetric twice", "mapped port",
  "double NAT", "one LAN", "a long silence" }
local over_tcp = { "TCP on one LAN", "TCP from behind our NAT", "TCP from behind their NAT" }

-- "aioice: cone and cone", and so on.
local rows = {}
local function add_rows(agent, names)
  for _, name in ipairs(names) do rows[#rows + 1] = agent .. ": " .. name end
end
for _, agent in ipairs { "aioice", "libnice", "libnice regular" } do add_rows(agent, over_udp) end
for _, agent in ipairs { "libnice", "libnice regular" } do add_rows(agent, over_tcp) end

local function agent_and_case(row)
  local agent, case = row:match "^(.-): (.*)$"
  return agent, cases[case]
end

return {
  title  = "Our ICE agent and others: aioice's, libnice's",
  needs  = "live",
  params = {
    row   = rows,
    roles = { "controlling controlled", "controlled controlling", "controlling controlling" },
    relay = true,
  },
  twins  = {
    { set = { row = "aioice: symmetric twice", roles = "controlling controlled", relay = false },
      fails = "expected true, got nil" },
    { set = { row = "libnice: symmetric twice", roles = "controlled controlling", relay = false },
      fails = "expected true, got nil" },
  },

  world = function (p)
    local _, case = agent_and_case(p.row)
    if case.lan then
      return { server = host {}, home_a = net { nat = case.a, alice = host {}, bob = host {} } }
    end
    local world = { server = host {} }
    if case.a then
      world.home_a = net { nat = case.a, alice = host {},
        forward = case.mapped and { { udp = case.mapped, to = "alice", port = 5000 } } or nil }
    else
      world.alice = host {}
    end
    local home_b = case.b and net { nat = case.b, bob = host {} }
    if case.isp then
      world.isp = net { nat = case.isp, home_b = home_b }
    elseif home_b then
      world.home_b = home_b
    else
      world.bob = host {}
    end
    return world
  end,

  run = function (w, p)
    w.server:start { "turnserver", "-n", "-L", w.server.address, "-E", w.server.address, "--lt-cred-mech",
      "--user", "lab:secret", "--realm", "lab", "--no-cli", "--no-tls", "--no-dtls", "--log-file=stdout",
      ready = "IO method (admin thread)" }

    local agent, case = agent_and_case(p.row)
    local program, how = agent:match "(%a+) ?(%a*)"
    local ours, theirs = p.roles:match "(%a+) (%a+)"
    local alice = w.alice:ice { role = ours, stun = w.server,
      turn = { server = w.server:at(3478), username = "lab", password = "secret" },
      tcp = case.tcp and "only" or nil, consent = case.silence and "7s" or nil,
      port = case.mapped and 5000 or nil, mapped = case.mapped and w.home_a.address .. ":" .. case.mapped or nil }
    -- Without relays neither is told of the other's.
    local function told(lines)
      return p.relay and lines or (lines:gsub("candidate:[^\n]* typ relay[^\n]*\n", ""))
    end

    local bob = w.bob:start { "/usr/bin/python3", "-c", programs[program], theirs, w.server.address,
      told(alice:description()), how, case.tcp and "tcp" or "udp",
      ready = "end-of-candidates" }
    alice:told(told(bob:output()))
    local connected = alice:connect { within = "20s" }
    expect(connected):is(true)
    if not connected then return end

    -- Longer than either's consent lasts unless the other renews it.
    if case.silence then w:sleep(case.silence) end
    expect(alice:send "VOIC from alice"):is(true)
    expect(alice:recv()):is "VOIC from alice and back"
    alice:send "enough"
    local finished = bob:wait { within = "10s" }
    expect(finished.status):is(0)
    expect(finished.stdout:match "heard (.-)\n"):is "VOIC from alice"
    if program == "aioice" or ours ~= theirs then
      expect(finished.stdout:match "(%a+)\n$"):is(alice:controlling() and "controlled" or "controlling")
    end
    if case.silence then
      -- Who has gone renews nothing.
      w:sleep "8s"
      expect(alice:send "is anybody there?"):is(nil)
    end

    local pair = alice:pair()
    local relayed = pair.here.type == "relay" or pair.there.type == "relay"
    local regular = how == "regular" or alice:controlling()
    if case.relayed then
      expect(relayed):is(true)
      expect(w.bob):saw_nothing("udp[8:4] = 0x564f4943 and not host " .. w.server.address)
    elseif regular then
      expect(relayed):is(false)
      expect(w.bob):saw(case.tcp and "tcp and not host " .. w.server.address or "udp[8:4] = 0x564f4943")
      expect(w.server):saw_nothing "udp[8:4] = 0x564f4943"
    end
    if case.tcp then expect(w.bob):saw_nothing "udp and not port 3478" end
    if ours ~= theirs then expect(alice:controlling()):is(ours == "controlling") end
  end,
}
