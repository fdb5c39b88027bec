-- Debian's pyftpdlib serves files to Debian's tnftp, each on one side of a NAT. Active: the client names where data
-- goes to (PORT, or EPRT), and the server connects to it. Passive: the server names it (227, or 229). The one who names
-- an address behind the NAT needs a gateway there.
local server = [[
from pyftpdlib.authorizers import DummyAuthorizer
from pyftpdlib.handlers import FTPHandler
from pyftpdlib.servers import FTPServer
import os, tempfile
folder = tempfile.mkdtemp()
open(os.path.join(folder, "file"), "w").write("what was asked for\n" * 20000)
FTPHandler.authorizer = DummyAuthorizer()
FTPHandler.authorizer.add_anonymous(folder)
FTPServer(("0.0.0.0", 21), FTPHandler).serve_forever()
]]

-- What is said to tnftp. "epsv4" turns EPRT and EPSV off, and on again; "passive" likewise.
local modes = {
  PORT = "epsv4 off\npassive off\n", EPRT = "epsv4 on\npassive off\n",
  PASV = "epsv4 off\npassive on\n",  EPSV = "epsv4 on\npassive on\n",
}

return {
  title  = "FTP through a NAT: active with a gateway, passive without",
  params = {
    mode = { "PORT", "EPRT", "PASV", "EPSV" }, inside = { "client", "server" }, ftp = true, loss = { "0%", "3%" },
  },
  needs  = "live",

  world = function (p)
    local nat = { base = "port-restricted-cone", alg = p.ftp and { "ftp" } or {} }
    local a_link = { delay = "2ms", loss = p.loss, reorder = p.loss }
    if p.inside == "client" then
      return { server = host { link = a_link }, home = net { nat = nat, client = host {} } }
    end
    return {
      client = host { link = a_link },
      home   = net { nat = nat, server = host {}, forward = { { tcp = 21, to = "server" } } },
    }
  end,

  run = function (w, p)
    local address = p.inside == "client" and w.server.address or w.home.address
    w.server:start { "/usr/bin/python3", "-c", server, ready = "starting FTP server", within = "10s" }
    local says = modes[p.mode] .. "ls\nget file -\nls\nbye\n"
    local done = w.client:exec {
      "sh", "-c", "printf '%b' \"$1\" | timeout 40 tnftp -a -q 5 -v \"$0\" 21 2>&1", address, says, within = "50s",
    }
    local _, lines = done.output:gsub("what was asked for\n", "")
    w:log((done.output:gsub("what was asked for\n", "")))
    expect(lines):is(20000)
  end,

  twins = {
    { set = { mode = "PORT", ftp = false }, fails = "expected 20000, got 0" },
    { set = { mode = "EPRT", ftp = false }, fails = "expected 20000, got 0" },
    { set = { mode = "EPSV", inside = "server", ftp = false }, fails = "expected 20000, got 0" },
  },
}
