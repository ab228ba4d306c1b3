--- The language server: how it is started, in which buffers, and how it comes back.
local compat = require('typethrough.compat')
local options = require('typethrough.options')
local status = require('typethrough.status')

local M = {}

local NAME = 'typethrough'
local ROOT_MARKERS = { '.git', 'pyproject.toml', 'package.json' }
-- A server that ends more often than this in so short a time will do so again.
local MOST_CRASHES, IN_MS = 3, 180000

---@type table<integer, string?> The file type that each attached buffer was opened with.
local languages = {}
---@type table<integer, true?> The buffers whose edits are watched.
local watched = {}
---@type table<integer, integer?> What the server has of a buffer where Neovim no longer sends the edits.
local versions = {}
---@type number[] When the server crashed.
local crashes = {}
--- How many clients are being ended in order to start again.
local restarting = 0
---@type string? The program that was last looked for in vain.
local missing
--- The server was ended on purpose, or has crashed too often: it is not started until the user says so.
M.is_halted = false

---@param bufnr? integer
---@return vim.lsp.Client[]
function M.clients(bufnr)
  local clients = vim.lsp.get_clients({ name = NAME, bufnr = bufnr })
  return vim.tbl_filter(function(client) return not compat.call(client, 'is_stopped') end, clients)
end

---@param bufnr integer
---@return vim.lsp.Client?
function M.client(bufnr)
  return M.clients(bufnr)[1]
end

---@param client vim.lsp.Client
---@param method string
---@param params table
function M.notify(client, method, params)
  compat.call(client, 'notify', method, params)
end

--- The configuration, in the form that `vim.lsp.config` has too.
---@return vim.lsp.Config
function M.config()
  local capabilities = vim.lsp.protocol.make_client_capabilities()
  capabilities.textDocument.inlineCompletion = { dynamicRegistration = false }
  return {
    name = NAME,
    cmd = options.current.cmd,
    cmd_env = options.current.env,
    filetypes = options.current.filetypes or nil,
    root_dir = function(bufnr, on_dir) on_dir(vim.fs.root(bufnr, ROOT_MARKERS)) end,
    capabilities = capabilities,
    settings = { typethrough = options.current.settings },
    -- The server closes an upstream stream at the edit that makes it useless, so it must hear of each edit at once.
    flags = { debounce_text_changes = 0 },
    reuse_client = function(client, config)
      local is_same = client.name == config.name and client.config.root_dir == config.root_dir
      return is_same and not compat.call(client, 'is_stopped')
    end,
    handlers = {
      ['window/showMessage'] = function(_, params) status.show_message(params) end,
      ['$/typethrough/status'] = function(_, params, context) status.set(context.client_id, params) end,
      ['$/progress'] = function(err, params, ...)
        if not require('typethrough.ghost').progress(params) then
          return vim.lsp.handlers['$/progress'](err, params, ...)
        end
      end,
    },
  }
end

local function start_everywhere()
  vim.iter(vim.api.nvim_list_bufs()):filter(vim.api.nvim_buf_is_loaded):each(M.start)
end

---@param code integer
---@param signal integer
local function ended(code, signal)
  local now = vim.uv.now()
  if vim.v.exiting ~= vim.NIL then
    return
  elseif code == 0 and (signal == 0 or signal == 15) then
    M.is_halted, restarting = restarting == 0, math.max(restarting - 1, 0)
  else
    crashes = vim.tbl_filter(function(at) return now - at < IN_MS end, crashes)
    table.insert(crashes, now)
    M.is_halted = #crashes > MOST_CRASHES
    if M.is_halted then
      local how = signal ~= 0 and 'signal ' .. signal or 'exit code ' .. code
      status.tell(('the server ended %d times, with %s; see :Typethrough log'):format(#crashes, how), 'ERROR')
    end
  end
  status.redraw()
  start_everywhere()
end

--- Starts the program. The client is told of a good end even where there was none, because what it says of the other is longer
--- than a line; and we do something about it.
---@param config vim.lsp.ClientConfig
---@return fun(dispatchers: vim.lsp.rpc.Dispatchers): vim.lsp.rpc.PublicClient
local function launch(config)
  local command, extra = config.cmd --[[@as string[] ]], { cwd = config.cmd_cwd, env = config.cmd_env }
  return function(dispatchers)
    local function on_exit(code, signal)
      dispatchers.on_exit(0, 0)
      vim.schedule(function() ended(code, signal) end)
    end
    return vim.lsp.rpc.start(command, vim.tbl_extend('force', dispatchers, { on_exit = on_exit }), extra)
  end
end

---@param bufnr integer
---@param config vim.lsp.ClientConfig
local function start(bufnr, config)
  if type(config.cmd) == 'table' then
    if vim.fn.executable(config.cmd[1]) == 0 then
      local is_known = missing == config.cmd[1]
      missing = config.cmd[1]
      return is_known or status.tell(('`%s` not found, see :help typethrough-install'):format(missing), 'WARN')
    end
    config.cmd = launch(config)
  end
  vim.lsp.start(config, { bufnr = bufnr, reuse_client = config.reuse_client })
end

--- Whether a buffer holds a file that the user wants suggestions in.
---@param bufnr integer
---@param filetypes? string[]
local function is_wanted(bufnr, filetypes)
  local bo = vim.bo[bufnr]
  return (bo.buftype == '' and vim.api.nvim_buf_get_name(bufnr) ~= '')
    and not vim.list_contains(options.current.disabled_filetypes, bo.filetype)
    and (not filetypes or vim.list_contains(filetypes, bo.filetype))
end

--- Starts the server in a buffer, or attaches the one that runs; does nothing where that is done or not wanted.
---@param bufnr integer
function M.start(bufnr)
  local client = M.client(bufnr)
  if client and languages[bufnr] ~= vim.bo[bufnr].filetype then
    -- The server learns a file's type when it is opened.
    vim.lsp.buf_detach_client(bufnr, client.id)
  elseif client then
    return
  end
  if M.is_halted or not is_wanted(bufnr) then return end
  local config = vim.deepcopy(vim.fn.has('nvim-0.11') == 1 and vim.lsp.config[NAME] or M.config())
  local root = config.root_dir or vim.fs.root(bufnr, config.root_markers or ROOT_MARKERS)
  if not is_wanted(bufnr, config.filetypes) then
    return
  elseif type(root) == 'function' then
    return root(bufnr, function(dir)
      config.root_dir = dir
      start(bufnr, config)
    end)
  end
  config.root_dir = root
  start(bufnr, config)
end

--- Keeps the server's text true. Neovim stops following a buffer that is edited while no client is attached, and 0.12 does not
--- begin again when one is: the next server would work on the text it was started with.
---@param bufnr integer
local function watch(bufnr)
  local function on_lines(_, _, tick)
    local client, bo = M.client(bufnr), vim.bo[bufnr]
    if not client or vim.lsp.util.buf_versions[bufnr] == tick then
      versions[bufnr] = nil
      return
    end
    versions[bufnr] = tick
    local eol = ({ dos = '\r\n', mac = '\r' })[bo.fileformat] or '\n'
    local text = table.concat(vim.api.nvim_buf_get_lines(bufnr, 0, -1, true), eol) .. (bo.endofline and eol or '')
    M.notify(client, 'textDocument/didChange', {
      textDocument = { uri = vim.uri_from_bufnr(bufnr), version = tick },
      contentChanges = { { text = text } },
    })
  end
  local function on_detach() watched[bufnr], versions[bufnr] = nil, nil end
  watched[bufnr] = vim.api.nvim_buf_attach(bufnr, false, { on_lines = on_lines, on_detach = on_detach }) or nil
end

---@param client_id integer
---@param bufnr integer
function M.attached(client_id, bufnr)
  local client = vim.lsp.get_client_by_id(client_id)
  if not client or client.name ~= NAME then return end
  languages[bufnr], versions[bufnr] = vim.bo[bufnr].filetype, nil
  if not watched[bufnr] then watch(bufnr) end
  if vim.lsp.inline_completion then
    -- Where the user has switched the built-in view on for other servers, ours is not shown twice.
    vim.lsp.inline_completion.enable(false, { client_id = client_id })
  end
  require('typethrough.switches').replay(client, bufnr)
  M.focus(bufnr)
  require('typethrough.ghost').update()
end

--- The version of the text that the server has.
---@param bufnr integer
---@return integer
function M.version(bufnr)
  return versions[bufnr] or vim.lsp.util.buf_versions[bufnr]
end

--- Tells the server which document the user looks at.
---@param bufnr integer
function M.focus(bufnr)
  local client = bufnr == vim.api.nvim_get_current_buf() and M.client(bufnr)
  if client then
    M.notify(client, 'textDocument/didFocus', { textDocument = { uri = vim.uri_from_bufnr(bufnr) } })
  end
  status.redraw()
end

--- Ends the server and starts it again; starts it when it had ended.
function M.restart()
  local clients = M.clients()
  crashes, M.is_halted, restarting = {}, false, #clients
  for _, client in ipairs(clients) do
    compat.call(client, 'stop')
  end
  if restarting == 0 then start_everywhere() end
end

return M
