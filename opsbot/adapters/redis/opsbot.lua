#!lua name=opsbot
-- Every change of opsbot's store that must be whole or not at all. Records, effects and entries are
-- opaque here (cjson turns [] into {} and cuts numbers); hashes are computed by the caller.

local function now_ms()
  local time = redis.call('TIME')
  return time[1] * 1000 + math.floor(time[2] / 1000)
end

local function text(number)
  return string.format('%.0f', number)
end

local function replication_id()
  local told = redis.call('INFO', 'replication')
  local _, before = string.find(told, 'master_replid:', 1, true)
  return before and string.match(told, '^%x+', before + 1) or ''
end

-- Reads ARGV one by one; lists travel as a count and their items.
local function reader(args)
  local at = 0
  return function()
    at = at + 1
    return args[at]
  end
end

local function field(head, name, otherwise)
  return redis.call('HGET', head, name) or otherwise
end

local GENESIS = '0000000000000000000000000000000000000000000000000000000000000000'
local CLOCK_OFF_MS = 2000
local EPOCH_OFF_S = 10

-- An epoch continues while the server's replication id is the stored one; else it has to grow.
local function wanted_epoch(stored, same_life, given, now)
  if stored > 0 and same_life then
    return given >= stored and given or stored
  end
  local seconds = math.floor(now / 1000)
  if given > stored and given >= seconds - EPOCH_OFF_S then
    return given
  end
  return math.max(seconds, stored + 1)
end

-- Answers revision, hash, epoch and replication id of the last commit, in one question.
local function read_head(head)
  local found = redis.call('HMGET', head, 'revision', 'hash', 'epoch', 'replid')
  return tonumber(found[1] or '0'), found[2] or GENESIS, tonumber(found[3] or '0'), found[4]
end

local function write_records(keys, next_arg)
  for _ = 1, tonumber(next_arg()) do
    local key, id, record = keys[tonumber(next_arg())], next_arg(), next_arg()
    if record == '' then
      redis.call('HDEL', key, id)
    else
      redis.call('HSET', key, id, record)
    end
  end
end

local function add_work(keys, next_arg, now)
  local texts, due, bodies = keys[4], keys[5], keys[6]
  for _ = 1, tonumber(next_arg()) do
    redis.call('HSET', texts, next_arg(), next_arg())
  end
  for _ = 1, tonumber(next_arg()) do
    local stream, effect = keys[tonumber(next_arg())], next_arg()
    redis.call('XADD', stream, '*', 'effect', effect, 'before', '0')
  end
  for _ = 1, tonumber(next_arg()) do
    local id = next_arg()
    redis.call('ZREM', due, id)
    redis.call('HDEL', bodies, id)
  end
  for _ = 1, tonumber(next_arg()) do
    local id, in_ms, body = next_arg(), tonumber(next_arg()), next_arg()
    redis.call('ZADD', due, text(now + in_ms), id)
    redis.call('HSET', bodies, id, body)
  end
end

-- keys: head journal request texts due bodies, then state kinds and lanes (numbered by the caller)
-- args: keep_ms revision head epoch at_ms hash line channel delta, then records, texts, effects,
--       cancels, timers
-- Answers {what, epoch, revision, at_ms, hash, journal length, server ms}.
local function commit(keys, args)
  local next_arg = reader(args)
  local head, journal, request = keys[1], keys[2], keys[3]
  local now = now_ms()
  local keep_ms = next_arg()
  local first = redis.call('GET', request)
  if first then
    -- Written again, so that a WAIT behind this call counts a write of this connection.
    redis.call('SET', request, first, 'PX', keep_ms)
    local epoch, revision, at_ms, hash = string.match(first, '^(%d+) (%d+) (%d+) (%x+)$')
    return {'repeated', epoch, revision, at_ms, hash, text(redis.call('LLEN', journal)), text(now)}
  end
  local revision, expected, epoch = tonumber(next_arg()), next_arg(), tonumber(next_arg())
  local at_ms, hash, line, channel, delta = next_arg(), next_arg(), next_arg(), next_arg(), next_arg()
  local stored, standing, stored_epoch, stored_life = read_head(head)
  local function refuse(what, wanted)
    return {what, text(wanted), text(stored), text(now), standing, text(redis.call('LLEN', journal)), text(now)}
  end
  if stored ~= revision or standing ~= expected then
    return refuse('conflict', epoch)
  end
  local life = replication_id()
  local same_life = stored_life == life
  local wanted = wanted_epoch(stored_epoch, same_life, epoch, now)
  if wanted ~= epoch then
    return refuse('epoch', wanted)
  end
  if math.abs(tonumber(at_ms) - now) > CLOCK_OFF_MS then
    return refuse('clock', epoch)
  end
  write_records(keys, next_arg)
  local length = redis.call('RPUSH', journal, line)
  add_work(keys, next_arg, now)
  local new_epoch, new_revision = text(epoch), text(revision + 1)
  if same_life and epoch == stored_epoch then
    redis.call('HSET', head, 'revision', new_revision, 'hash', hash)
  else
    redis.call('HSET', head, 'epoch', new_epoch, 'revision', new_revision, 'hash', hash, 'replid', life)
  end
  local answer = new_epoch .. ' ' .. new_revision .. ' ' .. at_ms .. ' ' .. hash
  redis.call('SET', request, answer, 'PX', keep_ms)
  redis.call('PUBLISH', channel, delta)
  return {'ok', new_epoch, new_revision, at_ms, hash, text(length), text(now)}
end

-- keys: due bodies, then one stream a lane; args: limit, then the lanes' names in the same order
local function fire(keys, args)
  local due, bodies = keys[1], keys[2]
  local ripe = redis.call('ZRANGEBYSCORE', due, '-inf', text(now_ms()), 'LIMIT', 0, args[1])
  local streams = {}
  for i = 2, #args do
    streams[args[i]] = keys[i + 1]
  end
  local fired = 0
  for _, id in ipairs(ripe) do
    local body = redis.call('HGET', bodies, id)
    local lane, before, effect = string.match(body or '', '^(%S+) (%d+) (.*)$')
    if lane and streams[lane] then
      redis.call('XADD', streams[lane], '*', 'effect', effect, 'before', before)
      fired = fired + 1
    end
    redis.call('ZREM', due, id)
    redis.call('HDEL', bodies, id)
  end
  return fired
end

-- keys: stream; args: group, item
local function done(keys, args)
  redis.call('XACK', keys[1], args[1], args[2])
  return redis.call('XDEL', keys[1], args[2])
end

-- keys: stream due bodies; args: group, item, in_ms, timer, body. Nothing where the item is gone.
local function later(keys, args)
  if redis.call('XDEL', keys[1], args[2]) == 0 then
    return 0
  end
  redis.call('XACK', keys[1], args[1], args[2])
  redis.call('ZADD', keys[2], text(now_ms() + tonumber(args[3])), args[4])
  redis.call('HSET', keys[3], args[4], args[5])
  return 1
end

-- keys: stream dead; args: group, item, lane, effect, reason
local function dead(keys, args)
  if redis.call('XDEL', keys[1], args[2]) == 0 then
    return 0
  end
  redis.call('XACK', keys[1], args[1], args[2])
  redis.call('XADD', keys[2], '*', 'lane', args[3], 'effect', args[4], 'reason', args[5], 'at', text(now_ms()))
  return 1
end

-- keys: dead, then one stream a lane; args: item, then the lanes' names in the same order
local function revive(keys, args)
  local found = redis.call('XRANGE', keys[1], args[1], args[1])[1]
  if not found then
    return 0
  end
  local fields = {}
  for i = 1, #found[2], 2 do
    fields[found[2][i]] = found[2][i + 1]
  end
  for i = 2, #args do
    if args[i] == fields.lane then
      redis.call('XADD', keys[i], '*', 'effect', fields.effect, 'before', '0')
      redis.call('XDEL', keys[1], args[1])
      return 1
    end
  end
  return 0
end

-- keys: stream; args: group, item, consumer. Whoever still holds the item begins its idle time anew.
local function own(keys, args)
  local pending = redis.call('XPENDING', keys[1], args[1], args[2], args[2], 1)[1]
  if not pending or pending[2] ~= args[3] then
    return 0
  end
  redis.call('XCLAIM', keys[1], args[1], args[3], 0, args[2], 'JUSTID')
  return 1
end

-- keys: claim; args: owner, ttl_ms
local function claim(keys, args)
  local owner = redis.call('GET', keys[1])
  if owner and owner ~= args[1] then
    return 0
  end
  redis.call('SET', keys[1], args[1], 'PX', args[2])
  return 1
end

-- keys: head instances seen acks emergency services; args: instance, registration or '', ack, service
local function checkin(keys, args)
  local now = now_ms()
  -- A name that its keys do not carry would hide the instance from the bot.
  if string.find(args[4], '[^%w_.-]') or not string.find(keys[2], ':fleet:' .. args[4] .. ':', 1, true) then
    return redis.error_reply('ERR the service is not the one its keys name')
  end
  -- Each time: a service that was taken off the list just now is back before anybody misses it.
  redis.call('SADD', keys[6], args[4])
  if args[2] ~= '' then
    redis.call('HSET', keys[2], args[1], args[2])
  end
  if args[3] ~= '' then
    redis.call('HSET', keys[4], args[1], args[3])
  end
  redis.call('ZADD', keys[3], text(now), args[1])
  return {
    tonumber(field(keys[1], 'epoch', '0')),
    tonumber(field(keys[1], 'revision', '0')),
    now,
    redis.call('LLEN', keys[5]),
    redis.call('HEXISTS', keys[2], args[1]),
  }
end

-- keys: instances seen acks, and services where the caller may take an empty one off the list
-- args: instance, service
local function goodbye(keys, args)
  redis.call('HDEL', keys[3], args[1])
  redis.call('ZREM', keys[2], args[1])
  local gone = redis.call('HDEL', keys[1], args[1])
  if keys[4] and redis.call('HLEN', keys[1]) == 0 then
    redis.call('SREM', keys[4], args[2])
  end
  return gone
end

-- keys: served, base, the hour, and where one ended since: that hour and what stays of it
-- args: number at_ms keep_ms minutes_ms, then instances that are gone, counters, spans, summaries
-- Each sample bears the number of the one it was counted from; a second one of that number is nothing.
-- Answers 1, 0 where another was first, -1 where this user may not let keys expire.
local function served(keys, args)
  local next_arg = reader(args)
  local number, at_ms, keep_ms, minutes_ms = next_arg(), next_arg(), next_arg(), next_arg()
  if field(keys[1], 'number', '0') ~= number then
    return 0
  end
  -- Before anything is written: what a function wrote stays when a later command is refused.
  local may = redis.pcall('PEXPIRE', keys[3], keep_ms)
  if type(may) == 'table' and may.err then
    return -1
  end
  for _ = 1, tonumber(next_arg()) do
    redis.call('HDEL', keys[2], next_arg())
  end
  for _ = 1, tonumber(next_arg()) do
    redis.call('HSET', keys[2], next_arg(), next_arg())
  end
  for _ = 1, tonumber(next_arg()) do
    local workflow, spans = next_arg(), next_arg()
    redis.call('HSET', keys[3], workflow, field(keys[3], workflow, '') .. spans)
  end
  redis.call('PEXPIRE', keys[3], keep_ms)
  if keys[5] then
    for _ = 1, tonumber(next_arg()) do
      redis.call('HSET', keys[5], next_arg(), next_arg())
    end
    redis.call('PEXPIRE', keys[5], keep_ms)
    redis.call('PEXPIRE', keys[4], minutes_ms)
  end
  redis.call('HSET', keys[1], 'number', text(tonumber(number) + 1), 'at', at_ms)
  return 1
end

-- A kill must go through on a server that is out of memory.
redis.register_function{function_name = 'opsbot_commit', callback = commit, flags = {'allow-oom'}}
redis.register_function{function_name = 'opsbot_fire', callback = fire, flags = {'allow-oom'}}
redis.register_function{function_name = 'opsbot_done', callback = done, flags = {'allow-oom'}}
redis.register_function('opsbot_later', later)
redis.register_function('opsbot_dead', dead)
redis.register_function('opsbot_revive', revive)
redis.register_function('opsbot_own', own)
redis.register_function('opsbot_claim', claim)
redis.register_function{function_name = 'opsbot_checkin', callback = checkin, flags = {'allow-oom'}}
redis.register_function('opsbot_goodbye', goodbye)
redis.register_function('opsbot_served', served)
