--- `:checkhealth typethrough`.
local keymaps = require('typethrough.keymaps')
local server = require('typethrough.server')
local status = require('typethrough.status')

local health, M = vim.health, {}

--- What the program printed and how it ended; nothing when it could not be started or did not end in time.
---@param arguments string[]
---@return vim.SystemCompleted?
local function run(path, arguments)
  local env = require('typethrough.options').current.env
  local started, process = pcall(vim.system, vim.list_extend({ path }, arguments), { text = true, env = env })
  local ended = started and process:wait(10000)
  return ended and ended.signal == 0 and ended or nil
end

--- Where code goes and with whose key, as the server itself sees it.
local function check_lane(path)
  local ended = run(path, { 'settings' })
  local lane = ended and ended.stdout:match('model lane: ([^\n]+)')
  if not ended or not lane then
    health.warn('`typethrough settings` failed', 'run it in a terminal')
  elseif ended.code == 0 then
    health.ok('model lane: ' .. lane)
  else
    local refusal = ended.stdout:match('nothing is sent: [^\n]+') or ''
    health.warn('model lane: ' .. lane, vim.split(vim.trim(refusal .. '\n' .. ended.stderr), '\n'))
  end
end

local function check_program()
  local path = vim.fn.exepath(require('typethrough.options').current.cmd[1])
  local version = path ~= '' and run(path, { '--version' })
  if path == '' then
    return health.error('the server is not on PATH', 'install it or set `cmd`: :help typethrough-install')
  elseif not version or version.code ~= 0 then
    return health.error(path .. ' --version failed', 'install it again: :help typethrough-install')
  end
  health.ok(('server: %s, %s'):format(vim.trim(version.stdout), path))
  check_lane(path)
end

local function check_clients()
  local clients = server.clients()
  if #clients == 0 then
    health.warn('no server is running', 'open a file; then see :Typethrough log and :Typethrough restart')
  end
  for _, client in ipairs(clients) do
    local buffers = vim.tbl_keys(client.attached_buffers)
    health.ok(('attached: %d buffers, root %s'):format(#buffers, client.config.root_dir or 'none'))
    if not client.server_capabilities.inlineCompletionProvider then
      health.error('the server offers no inline completion', 'is `cmd` an old one, or another program?')
    elseif buffers[1] then
      health.info('the server says: ' .. table.concat(status.lines(buffers[1]), '\n'))
    end
  end
end

local function check_keys()
  for _, key in ipairs(keymaps.keys) do
    local map = keymaps.mapping_of(key.lhs)
    local before = key.before.lhs and ', else what it was mapped to before' or ''
    if keymaps.is_own(map) then
      health.ok(('%s  %s%s'):format(key.lhs, map.desc:gsub('^typethrough: ', ''), before))
    else
      health.warn(('%s has been mapped by somebody else since'):format(key.lhs), ':help typethrough-keys')
    end
  end
end

function M.check()
  health.start('typethrough')
  if vim.fn.has('nvim-0.10') == 0 then return health.error('needs Neovim 0.10 or later') end
  health.ok('Neovim ' .. tostring(vim.version()))
  check_program()
  check_clients()
  check_keys()
end

return M
