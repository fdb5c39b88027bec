---@meta
-- Annotations for the Lua language server (LuaLS): every function that a scenario can call. Nothing here runs.

---@alias duration string A time, such as "20ms", "1.5s" or "2h4m".
---@alias size string A size, such as "64KiB".
---@alias rate string A rate, such as "10Mbit".
---@alias share string A share, such as "5%".
---@alias address string An address, such as "11.1.1.2" or "2b00:1:1::2".
---@alias endpoint string An address and port, such as "11.1.1.2:7" or "[2b00:1:1::2]:7".
---@alias method "direct" | "reversal" | "punch" | "turn" | "relay" | "ice"
---| "tcp-direct" | "tcp-reversal" | "tcp-punch" | "tcp-punch-low-ttl" | "tcp-stunt-2" | "tcp-sequential"
---| "predict" | "birthday" | "low-ttl"
---@alias family "ipv4" | "ipv6"
---@alias service "stun" | "turn" | "rendezvous" | "echo" | "dns"
--- The same seed makes the same packets in the virtual world, TLS's too.
---@alias transport "udp" | "tcp" | "tls"

--- What a scenario's file returns.
---@class scenario
---@field title string What it shows, in a few words.
---@field claims? string[] The rows that it reproduces.
---@field params? table<string, string | number | boolean | (string | number | boolean)[]> A list is several runs.
---@field needs? "live" | "engine" Live: what a virtual world has not got: real programs, kernel NATs.
--- Engine: what no kernel's NAT can do, such as getting another address.
---@field world fun(p: table): table<string, host_spec | net_spec> The nodes on the Internet, by name.
---@field run fun(w: world, p: table) What happens, and what must be so.
---@field twins? twin[] The same with other parameters, which must fail.

---@class twin
---@field set table<string, string | number | boolean> The parameters that differ.
---@field fails string Text that the first failure's message must hold.

--- A link, both ways alike, but for what `up` (from the node) and `down` (to it) say.
---@class link_spec: impairment_spec
---@field mtu? integer Bytes; default 1500.
---@field up? impairment_spec
---@field down? impairment_spec

---@class impairment_spec
---@field delay? duration
---@field jitter? duration Uniform, plus or minus, round the delay.
---@field loss? share
---@field duplicate? share
---@field reorder? share These overtake: they are sent without the delay.
---@field rate? rate Unlimited by default.
---@field queue? size What may wait for the rate; default 64KiB.

---@class host_spec
---@field address? address By default the next free one of the network.
---@field address6? address The same for IPv6, which a world has where a net has nat6, or a host on the Internet this.
---@field link? link_spec To the network that it stands in.
---@field services? service[] Started with the world.
---@field rendezvous_ports? integer[] TCP ports that its rendezvous listens at beside 33033, tried in this order.
---@field turn? turn_service What its TURN server is told.
---@field dns? string The host whose name server it asks; by default the nearest that has the service "dns".

--- TURN answers at UDP and TCP port 3478, which are STUN's too, and TLS port 5349.
---@class turn_service
---@field realm? string Default "knothole".
---@field users? table<string, string> Names and passwords; default: one, both "knothole".
---@field quota? integer How many allocations a user may have at a time.
---@field lifetime? duration Of an allocation, unasked and at most; default 10m, at most 1h.
---@field nonce? duration How long a nonce is good; default 1h.
---@field alternate? endpoint Sends every client on to this server (300).
---@field rfc5389? boolean As of old: MD5 and SHA-1 only, channels up to 0x7fff (RFC 5766), and coturn's own number for
--- ADDITIONAL-ADDRESS-FAMILY.

---@class forward_spec
---@field udp? integer | string An outside port, or ports such as "5000-5010"; either this or tcp.
---@field tcp? integer | string
---@field to string The name of a node in the net.
---@field port? integer Its port; by default the outside one.

--- A gateway with what is behind it: every other key is the name of a node in it.
---@class net_spec
---@field nat? string | table For IPv4: a model's name, a file ("./mine.lua"), or a model itself.
---@field nat6? string | table The same for IPv6; a net has nat, nat6, or both. Without it IPv6 ends at the gateway.
---@field realise? "engine" | "kernel" Who translates; default "engine".
---@field subnet? string "192.168.1.0/24" by default, as at any home.
---@field subnet6? string The IPv6 prefix behind it, such as "2b00:9::/48"; its first /64 is the LAN's.
---@field address? address The gateway's outside one.
---@field address6? address
---@field link? link_spec The gateway's outside link.
---@field lan? link_spec The gateway's inside link.
---@field forward? forward_spec[]
---@field dmz? string The name of the node that gets what nobody else does.
---@field [string] host_spec | net_spec

--- A host of the world. Nodes are ordered as host and net are called.
---@param spec host_spec
---@return host_spec
function host(spec) end

--- A net of the world: a NAT with what is behind it.
---@param spec net_spec
---@return net_spec
function net(spec) end

--- Where a capture is made: a host, or one side of a gateway.
---@class tap

--- What `run` is given: each node is found under its name.
---@class world
---@field [string] host | net
local world = {}

--- Let time pass for this actor.
---@param time duration
function world:sleep(time) end

--- Seconds since the world began.
---@return number
function world:now() end

--- Start another actor. The run ends when all of them have returned.
---@param actor fun(...)
---@return actor
function world:spawn(actor, ...) end

--- Write a line into the run's record. `print` does the same.
function world:log(...) end

---@class actor
local actor = {}

--- Wait until it has returned.
function actor:wait() end

---@class net
---@field name string
---@field nat string? Its IPv4 model's name.
---@field nat6 string? Its IPv6 model's name.
---@field address address? The gateway's outside one.
---@field address6 address?
---@field lan tap
---@field wan tap
local a_net = {}

--- Its gateway loses power and comes back: the NAT has forgotten all but its configuration.
function a_net:reboot() end

--- Its gateway gets another outside address, and has forgotten everything (not where a kernel translates).
---@param address? address By default the next free one.
---@return address
function a_net:change_address(address) end

---@class host: tap
---@field name string
---@field address address? Nil behind a net that has IPv6 alone.
---@field address6 address? Nil where there is no IPv6.
local a_host = {}

--- Where this host finds another, as its /etc/hosts says: by the gateway of what translates in between, else by the
--- other's own IPv4 address; nil where it has none.
---@param other host
---@return address?
function a_host:address_of(other) end

--- The endpoint at one of its ports, to send to.
---@param port integer
---@return endpoint
function a_host:at(port) end

--- The same at its IPv6 address.
---@param port integer
---@return endpoint
function a_host:at6(port) end

--- Start one more service.
---@param name service
function a_host:service(name) end

--- A UDP socket.
---@param options? { port?: integer, broadcast?: boolean, group?: address, ttl?: integer, share?: boolean }
---@return socket
function a_host:udp(options) end

--- A TCP connection, or nil and why: "timed out", "refused", …
---@param options { to: endpoint, within?: duration, port?: integer, share?: boolean }
---@return socket?, string?
function a_host:tcp(options) end

--- A TCP listener.
---@param options? { port?: integer, share?: boolean }
---@return socket
function a_host:listen(options) end

--- Send echo requests, one after another; `within` is for each. `rtt` is the mean, in seconds.
---@param options { to: address, count?: integer, within?: duration }
---@return { sent: integer, received: integer, rtt: number? }
function a_host:ping(options) end

--- Ask a name server: for the addresses of a name, or for the name of an address. The lab's, the service "dns", knows
--- each node as "alice", "alice.home_a" or "alice.home_a.lab", at the address where its own host finds it; whoever asks
--- from behind a NAT64 is told of an IPv6 address in any case. Nil and why: "no such name", "timed out", …
---@param name string Or an address.
---@param options? { server?: host | endpoint, type?: "A" | "AAAA" | "PTR", tcp?: boolean, within?: duration }
---@return { [integer]: string, transport: "udp" | "tcp" }?, string?
function a_host:resolve(name, options) end

--- Run a program to its end (live worlds only). `status` is as a shell's: 128 + the signal that ended it. `output` is
--- both streams together. The host has an /etc/hosts with the names of all, an /etc/resolv.conf that leads to its name
--- server, and a /tmp and a /run of its own; what programs say is in the folder of results, too. `terminal` gives it
--- the terminal of `knothole shell`, and its output is not kept; there is none elsewhere.
---@param options { [integer]: string | number, within?: duration, env?: string[], terminal?: boolean }
---@return { status: integer, signal: integer?, output: string, stdout: string, stderr: string }
function a_host:exec(options) end

--- Start a program (live worlds only), and wait until it is ready: its output holds a text, somebody in its host
--- listens at a port (TCP or UDP), or a function says so.
---@param options { [integer]: string | number, ready?: readiness, within?: duration, env?: string[] }
---@return program
function a_host:start(options) end

--- How long the NATs before it keep an idle UDP mapping, found with a STUN server's help (RFC 5780, 4.6), and whether
--- packets from inside or outside restart that time. Seconds: after `alive` it was still there, after `gone` it was not
--- (nil: it lives longer than was looked). Nil and why where the server does not answer.
---@param options lifetime_options
---@return { alive: number, gone: number?, outbound: boolean?, inbound: boolean? }?, string?
function a_host:lifetime(options) end

---@class lifetime_options
---@field server host | endpoint
---@field longest? duration How far to look; default 10m.
---@field precision? duration How narrow to make the interval; default 1s.
---@field parallel? integer Ports that are looked at in one round; default 8; with 1 the interval is halved each time.

--- Allocate an address on a TURN server: a relay, or nil and why: "486 Allocation Quota Reached", "timed out", …
---@param options turn_options
---@return relay?, string?
function a_host:turn(options) end

---@class turn_options
---@field server host | endpoint
---@field transport? transport To the server; default "udp".
---@field username? string Default "knothole".
---@field password? string Default "knothole".
---@field lifetime? duration To ask for.
---@field keep? boolean Refresh the allocation, permissions and channels by itself.
---@field even? boolean Ask for an even port.
---@field reserve? boolean … and that the next one be kept, for who has its token().
---@field token? string Take the port that was kept.
---@field relay? "udp" | "tcp" What is relayed (RFC 6062); default "udp".
---@field family? 4 | 6
---@field both? boolean Ask for an IPv6 address beside IPv4's.
---@field unfragmented? boolean Have DF set on what is sent to peers, but in channels.
---@field within? duration Default 10s.

---@class relay
local relay = {}

--- The relayed address, to be sent to by peers.
---@return endpoint
function relay:address() end

--- The IPv6 one beside it, where `both` was asked for and given.
---@return endpoint?
function relay:address6() end

--- The client's own endpoint, as the server saw it.
---@return endpoint
function relay:mapped() end

--- The server, also where another one had sent the client on to it.
---@return endpoint
function relay:server() end

--- Seconds, as granted last.
---@return integer
function relay:lifetime() end

---@return string?
function relay:token() end

--- Let a peer's datagrams in, for 5 min. True, or nil and why, as the next two.
---@param peer address
---@param options? { within?: duration }
---@return boolean?, string?
function relay:permit(peer, options) end

--- Bind a channel to a peer, for 10 min; it lets the peer in, too.
---@param peer endpoint
---@param number? integer By default the next one.
---@param options? { within?: duration }
---@return boolean?, string?
function relay:bind(peer, number, options) end

---@param lifetime? duration "0s" ends the allocation.
---@param options? { within?: duration }
---@return boolean?, string?
function relay:refresh(lifetime, options) end

--- In a channel where one is bound to the peer. It says nothing of what the server did with it.
---@param bytes string
---@param to endpoint
---@return boolean?, string?
function relay:send(bytes, to) end

---@param options? { within?: duration } Default 5s.
---@return string?, string
function relay:recv(options) end

--- A TCP connection to a peer, where relay = "tcp".
---@param peer endpoint
---@param options? { within?: duration }
---@return relayed_stream?, string?
function relay:connect(peer, options) end

--- The next connection that a peer makes, and the peer.
---@param options? { within?: duration }
---@return relayed_stream?, string
function relay:accept(options) end

--- The server is not told: what it keeps will expire.
function relay:close() end

---@class relayed_stream
local relayed_stream = {}

---@param bytes string
---@return boolean?, string?
function relayed_stream:send(bytes) end

---@param options? { within?: duration }
---@return string?, string?
function relayed_stream:recv(options) end

function relayed_stream:close() end

---@alias readiness string | integer | fun(): boolean

--- Make an ICE agent, which gathers its candidates at once. The scenario signals, with description() and told().
---@param options? ice_options
---@return ice_agent
function a_host:ice(options) end

---@class ice_options
---@field role? "controlling" | "controlled" Default "controlling".
---@field stun? host | endpoint Where its server-reflexive candidates come from: a host by each address that it has.
---@field turn? turn_access Where its relayed candidate comes from.
---@field port? integer Of its socket.
---@field relayed? boolean Tell and use the relayed candidate alone.
---@field within? duration To gather; default 5s.
---@field mapped? endpoint A NAT's outside endpoint that leads to `port`, by a forward: one more candidate.
---@field tcp? boolean | "only" Candidates over TCP, besides those over UDP or alone (RFC 6544).
---@field consent? duration How long the other's consent lasts unless it is renewed (RFC 7675); default 30s.
---@field trickle? boolean Do not wait for servers: lines() gives each candidate when it is there.

---@class ice_agent
local ice_agent = {}

--- Its credentials and candidates, and that there are no more: lines of SDP for the other side.
---@return string
function ice_agent:description() end

--- The same line after line, each as soon as it is known; the last one is "end-of-candidates".
---@return fun(): string?
function ice_agent:lines() end

--- What the other side has said: its whole description, or any lines of it as they come. True, or nil and why.
---@param lines string
---@return boolean?, string?
function ice_agent:told(lines) end

--- Wait until a pair of candidates is nominated. True, or nil and why.
---@param options? { within?: duration } Default 30s.
---@return boolean?, string?
function ice_agent:connect(options) end

--- The pair in use.
---@return { here: ice_candidate, there: ice_candidate }?
function ice_agent:pair() end

---@class ice_candidate
---@field type "host" | "prflx" | "srflx" | "relay"
---@field transport "udp" | "tcp active" | "tcp passive" | "tcp so"
---@field at endpoint

--- The role that it has now: a conflict may have changed it.
---@return boolean
function ice_agent:controlling() end

---@param bytes string
---@return boolean?, string?
function ice_agent:send(bytes) end

---@param options? { within?: duration }
---@return string?, string?
function ice_agent:recv(options) end

function ice_agent:close() end

---@class program
local program = {}

--- All that it has said so far: both streams, or one.
---@return string
function program:output() end
---@return string
function program:stdout() end
---@return string
function program:stderr() end

--- Has it ended by itself or by a signal?
---@return boolean
function program:ended() end

---@param signal? integer Default 15, which asks it to end.
function program:kill(signal) end

---@param options? { within?: duration }
---@return { status: integer, signal: integer?, output: string, stdout: string, stderr: string }
function program:wait(options) end

---@class socket
local socket = {}

--- Send; a stream needs no endpoint. True, or nil and why.
---@param bytes string
---@param to? endpoint
---@return boolean?, string?
function socket:send(bytes, to) end

--- One datagram, or some bytes of a stream, and where they came from; nil and why: "timed out", "closed", …
---@param options? { within?: duration } Default 5 s.
---@return string?, string
function socket:recv(options) end

--- A listener's next connection, or nil and why.
---@param options? { within?: duration }
---@return socket?, string?
function socket:accept(options) end

function socket:close() end

---@return integer
function socket:port() end

--- Its own endpoint, as its host sees it.
---@return endpoint
function socket:address() end

--- A connection's far end.
---@return endpoint
function socket:remote() end

--- "default": "direct", "reversal", "punch", "turn", "relay" (RFC 5128, 3). "ice": by candidates' types, host,
--- reflexive, relayed (RFC 8445, 5.1.2), and UDP before TCP (RFC 6544, 4.2): "direct", "reversal", "punch", "low-ttl",
--- "predict", "birthday", all of TCP's, and "turn", each tried by itself. "skype": UDP, then TCP to the other, then
--- the supernode over the TCP connection that each holds (SKB-06, SKB-15). "webrtc": "ice" alone, an agent that tries
--- everything at once.
---@alias order "default" | "ice" | "skype" | "webrtc"

---@class connect_options
---@field via? host The rendezvous; by default the world's only one.
---@field try? method[] The ladder, in order.
---@field order? order The ladder of a kind of program, in place of `try`; "turn" only where a host has that service.
---@field turn? turn_access Which TURN server both use; by default the world's only one, over UDP.
---@field stun? host Where "ice" asks how it is seen; by default the rendezvous' host, or the TURN server.
---@field ice_tcp? boolean "ice" has candidates over TCP, too (RFC 6544), for NATs that keep UDP back; default false.
---@field attempt? duration For each rung; default 2s, of "ice" 8s.
---@field pace? duration The first gap between hellos; default 20ms.
---@field host_addresses? boolean Both also try each other's own address; default true for the orders "ice", "webrtc".
---@field port? integer The local port of both; by default a fresh one for each attempt.
---@field candidates? integer predict: how many of the ports that may come next are spoken to; default 8, at most 64.
---@field holes? integer birthday: ports opened on the side whose ports are random; default 256, at most 1024.
---@field probes? integer birthday: ports that the other side tries, 16 in each pace; default 1024.
---@field rivals? { caller?: number, callee?: number } predict: how many ports of either side's NAT others take, on
--- average and at times of chance, between that side's last sample of its ports and its first hello, so that the
--- oracle can compute the odds; default none.
---@field first_port? integer birthday: the lowest port that is tried; default 1024.
---@field last_port? integer … and the highest; default 65535.
---@field ttl? integer Of what is to open a way and die on it, over UDP and TCP ("low-ttl", "tcp-punch-low-ttl",
--- "tcp-stunt-2"); by default each side's own: one more than it has nets around it that the other is not in.
---@field expressible? boolean With one rung: where a NAT that the kernel realises would not treat it as its model says,
--- it is not tried, and connect() returns nil, and why. By default such a run is an error, or skipped.
---@field families? family[] The order for each rung, of those that both have; default "ipv6", "ipv4" (RFC 6724).
---@field oracle? string Why the models cannot tell how this call fares: it is then not held against them.

--- Its transport is not "tls", into which no verdict can see.
---@class turn_access
---@field server host | endpoint A host is reached by its IPv6 address where IPv4 is not to be had.
---@field family? 4 | 6 Of the relayed address; by default the server says.
---@field transport? "udp" | "tcp" Default "udp".
---@field username? string Default "knothole".
---@field password? string Default "knothole".

--- Try to connect two hosts.
---@param caller host
---@param callee host
---@param options? connect_options
---@return call # With `expressible` also nil, and why.
function connect(caller, callee, options) end

--- What the capture will have shown: for expect() only.
---@class deferred

---@class call
---@field method deferred The method whose path carried the voice, or "none".
---@field connected deferred
---@field family deferred Its packets': "ipv4", "ipv6", "ipv6 and ipv4" (by a NAT64), or "none".
---@field relayed deferred Did the path cross a third host?
---@field relay deferred That host's name, or "none".
---@field pair deferred How "ice" connected: "direct", "punched" or "relayed"; "none" where it did not.
---@field arrived deferred Voice frames that arrived, the lesser of both ways.
---@field reported method | "none" What the probe says of itself, at once.
---@field caller_mapped endpoint The caller's, as the rendezvous saw it in the last attempt.
---@field callee_mapped endpoint
local call = {}

--- Voice both ways; frames that the probe itself counted, the caller's first.
---@param options? { frames?: integer, every?: duration, size?: integer }
---@return { sent: integer[], received: integer[] }
function call:talk(options) end

--- Let time pass; with `every`, small packets from both sides keep the way open.
---@param options { time: duration, every?: duration }
function call:hold(options) end

--- Did this rung of the ladder connect, in this family, or (without one) in any?
---@param method method
---@param family? family
---@return deferred
function call:worked(method, family) end

---@class expectation
local expectation = {}

---@param value any
function expectation:is(value) end

---@param value any
function expectation:is_not(value) end

---@param values any[]
function expectation:is_one_of(values) end

---@param number number
function expectation:is_at_least(number) end

---@param number number
function expectation:is_at_most(number) end

--- A packet that the filter (libpcap's language) matches passed the tap.
---@param filter string
function expectation:saw(filter) end

---@param filter string
function expectation:saw_nothing(filter) end

---@param count integer
---@param filter string
function expectation:saw_at_least(count, filter) end

---@param count integer
---@param filter string
function expectation:saw_at_most(count, filter) end

--- What must be so. An expectation that is not met fails the run, and does not stop it.
---@param subject any A value, a call's deferred value, a host, or a net's lan or wan.
---@return expectation
function expect(subject) end
