"""Outlines by grammar: what a file of each language defines, as a person would write it down."""

from __future__ import annotations

OUTLINES: dict[str, tuple[str, str]] = {
    "python": (
        """\
'''Mod.'''
import x
LIMIT: int = 3
A = B = 4
a, b = 1, 2
x.y = 3
@dataclass(frozen=True)
class C(Base, metaclass=M):
    '''Doc of C.

    more'''
    field: int = 0
    other: str
    def __init__(self, a):
        self.a = a
        self.b: dict[str, int] = {}
        self.a = 2
        self.c.d = 1
    @property
    def p(self) -> int:
        '''Doc of p.'''
        return 1
    async def q(
        self,
        x: int,  # why
    ) -> None: ...
    class Inner:
        z = 1
# Comment on f.
async def f(*args, **kw): pass
if TYPE_CHECKING:
    def g(): ...
else:
    def h(): ...
try:
    import a
except ImportError:
    def k(): ...
type X = int
def outer():
    def inner(): pass
""",
        """\
LIMIT: int = 3
A = B = 4
@dataclass(frozen=True)
class C(Base, metaclass=M):  ## Doc of C.
    field: int = 0
    other: str
    def __init__(self, a):
    self.a = a
    self.b: dict[str, int] = {}
    @property
    def p(self) -> int:  ## Doc of p.
    async def q( self, x: int, ) -> None:
    class Inner:
        z = 1
async def f(*args, **kw):  ## Comment on f.
def g():
def h():
def k():
type X = int
def outer():
""",
    ),
    "typescript": (
        """\
/** Doc of A. */
export abstract class A<T> extends B implements C {
  private x: number = 1;
  static #y = 2;
  constructor(private readonly z: string, public w = 1) { super() }
  /** Doc m. */
  @dec() async m<K>(a: K): Promise<void> { }
  get v(): number { return 1 }
  abstract n(): void;
  arrow = (a: number) => { return a }
}
export interface I extends J { a: string; b?(x: number): void; readonly c: number }
export type T1 = { a: string; b: number }
export type T2 = string | number
export enum E { A = 1, B, C = "c" }
export const one = 1, two = 2
export const fn = (a: string): number => { return 1 }
export default function () {}
export default class D {}
function over(a: string): void
function over(a: any) {}
declare module "foo" { export function bar(): void }
namespace N { export const q = 1 }
declare const g: string
const { a, b } = obj
export { x } from './y'
let table = { a: 1, b: 2 }
export const store = create({ m() {} })
""",
        """\
export abstract class A<T> extends B implements C  ## Doc of A.
    private x: number = 1
    static #y = 2
    constructor(private readonly z: string, public w = 1)
    async m<K>(a: K): Promise<void>
    get v(): number
    abstract n(): void
    arrow = (a: number) =>
export interface I extends J
    a: string
    b?(x: number): void
    readonly c: number
export type T1 =
    a: string
    b: number
export type T2 = string | number
export enum E
    A = 1
    B
    C = "c"
export const one = 1
export const one = 1, two = 2
export const fn = (a: string): number =>
export default class D
function over(a: string): void
function over(a: any)
declare module "foo"
    export function bar(): void
namespace N
    export const q = 1
declare const g: string
let table = { a: 1, b: 2 }
export const store = create({ m() {} })
""",
    ),
    "typescriptreact": (
        """\
export function App({ a }: Props) { return <div>{a}</div> }
export const B: React.FC<P> = ({ x }) => <p/>
""",
        """\
export function App({ a }: Props)
export const B: React.FC<P> = ({ x }) =>
""",
    ),
    "javascript": (
        """\
// Doc.
export function* gen(a) {}
class A { x = 1; static s() {} #p() {} }
var v = function(a) {}
module.exports = { a }
const big = [1,
2]
exports.f = function () {}
""",
        """\
export function* gen(a)  ## Doc.
class A
    x = 1
    static s()
    #p()
var v = function(a)
const big = [1, 2]
""",
    ),
    "go": (
        """\
// Package p.
package p
// F does.
func F(a int) (string, error) { return "" , nil }
func (s *S) M(x int) {}
type S struct { A int; B string `x` }
type I interface { Do(x int) error }
type Al = int
type ( T1 int; T2 struct { Z int } )
const ( X = 1; Y )
var v, w = 1, 2
var (
	q int
)
func G[T any](x T) T { return x }
""",
        """\
func F(a int) (string, error)  ## F does.
func (s *S) M(x int)
type S struct
    A int
    B string `x`
type I interface
    Do(x int) error
type Al = int
T1 int
T2 struct
    Z int
X = 1
Y
var v, w = 1, 2
var ( q int
func G[T any](x T) T
""",
    ),
    "rust": (
        """\
/// Doc s.
#[derive(Debug)]
pub struct S<T> { pub a: u8, b: T }
struct Tup(u8, u8);
pub enum E { A, B(u8), C { x: u8 } }
impl<T> S<T> { pub fn new() -> Self { S } const K: u8 = 1; }
impl Display for S { fn fmt(&self) {} }
pub trait Tr { fn must(&self); fn can(&self) {} type Out; }
mod m { pub fn inner() {} }
mod other;
pub const C: u8 = 1;
static ST: u8 = 2;
type A = u8;
macro_rules! mac { () => {} }
pub async fn f<T>(x: T) -> u8 where T: Copy { 1 }
""",
        """\
pub struct S<T>  ## Doc s.
    pub a: u8
    b: T
struct Tup(u8, u8);
pub enum E
    A
    B(u8)
    C { x: u8 }
impl<T> S<T>
    pub fn new() -> Self
    const K: u8 = 1;
impl Display for S
    fn fmt(&self)
pub trait Tr
    fn must(&self);
    fn can(&self)
    type Out;
mod m
    pub fn inner()
mod other;
pub const C: u8 = 1;
static ST: u8 = 2;
type A = u8;
macro_rules! mac
pub async fn f<T>(x: T) -> u8 where T: Copy
""",
    ),
    "java": (
        """\
package p;
/** Doc of A.
 * @param x */
@Foo public class A<T> extends B implements C {
  private int x = 1, y;
  public A(int x) {}
  /** Doc m. */
  @Override public <T> void m(T a) throws E { }
  enum K { ONE, TWO(2) { }; int z; }
  record R(int a, int b) { }
  static class In { void z() {} }
}
interface I { void a(); int C = 1; default void b() {} }
@interface An { String value() default ""; }
""",
        """\
@Foo public class A<T> extends B implements C  ## Doc of A.
    private int x = 1, y;
    public A(int x)
    @Override public <T> void m(T a) throws E  ## Doc m.
    enum K
        ONE
        TWO(2)
        int z;
    record R(int a, int b)
    static class In
        void z()
interface I
    void a();
    int C = 1;
    default void b()
@interface An
    String value() default "";
""",
    ),
    "c": (
        """\
#include <x.h>
#define MAX 10
#define SQ(x) ((x)*(x))
/* Doc. */
static int f(const char *s, int n) { return 1; }
int *g(void);
extern int v;
struct P { int x; char *y; int (*cb)(int); };
typedef struct { int a; } Q;
typedef int (*fn)(int);
enum C { RED, GREEN = 2 };
typedef enum { AA } BB;
union U { int i; float f; };
#ifdef X
int cond(void);
#else
int cond2(void);
#endif
int arr[10] = {1,2};
""",
        """\
#define MAX 10
#define SQ(x) ((x)*(x))
static int f(const char *s, int n)  ## Doc.
int *g(void);
extern int v;
struct P
    int x;
    char *y;
    int (*cb)(int);
typedef struct Q;
    int a;
typedef int (*fn)(int);
enum C
    RED
    GREEN = 2
typedef enum BB;
    AA
union U
    int i;
    float f;
int cond(void);
int cond2(void);
int arr[10] = {1,2};
""",
    ),
    "cpp": (
        """\
#pragma once
namespace a::b {
/// Doc.
template <typename T>
class K : public Base<T> {
 public:
  K(int x);
  ~K();
  virtual void m() const override;
  bool operator==(const K& o) const { return true; }
  int field = 1;
 private:
  static T s_;
};
void K::out(int x) { }
using Al = int;
enum class E { A, B };
template <class T> T mx(T a, T b) { return a; }
extern "C" { int cc(void); }
inline constexpr int N = 3;
auto fn(int a) -> int { return a; }
}
""",
        """\
namespace a::b
    template <typename T> class K : public Base<T>  ## Doc.
        K(int x);
        ~K();
        virtual void m() const override;
        bool operator==(const K& o) const
        int field = 1;
        static T s_;
    void K::out(int x)
    using Al = int;
    enum class E
        A
        B
    template <class T> T mx(T a, T b)
    int cc(void);
    inline constexpr int N = 3;
    auto fn(int a) -> int
""",
    ),
}
