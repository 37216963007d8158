using System.Linq.Expressions;
using Microsoft.EntityFrameworkCore.Query;
using Microsoft.EntityFrameworkCore.Storage;

namespace Statecast.EntityFrameworkCore.Capture;

/// <summary>
/// Compiles the lambdas inside a query's plan once, with the plan. EF Core leaves them nested, and a nested lambda becomes a new delegate at every run,
/// in a plan with included collections at every row: a sixth of the time that capture takes. Only the queries of capture are touched.
/// </summary>
// EF9100: the seam was opened for queries compiled ahead of time, and may change with EF Core. Without it everything works, slower.
#pragma warning disable EF9100
internal sealed class HoistedLambdas(
    ShapedQueryCompilingExpressionVisitorDependencies dependencies,
    RelationalShapedQueryCompilingExpressionVisitorDependencies relationalDependencies,
    RelationalCommandBuilderDependencies commandDependencies
) : RelationalLiftableConstantProcessor(dependencies, relationalDependencies, commandDependencies)
{
    /// <summary>Whether the plan compiled now is one of capture's.</summary>
    public bool Active { get; set; }

    public override Expression InlineConstants(Expression expression, bool supportsPrecompiledQuery)
    {
        var plan = base.InlineConstants(expression, supportsPrecompiledQuery);
        return Active && plan is LambdaExpression lambda ? new Hoist().Rewrite(lambda) : plan;
    }

    private sealed class Hoist : ExpressionVisitor
    {
        public LambdaExpression Rewrite(LambdaExpression plan) =>
            Expression.Lambda(plan.Type, Visit(plan.Body), plan.Name, plan.TailCall, plan.Parameters);

        protected override Expression VisitLambda<T>(Expression<T> node)
        {
            var inside = (LambdaExpression)base.VisitLambda(node);
            return FreeVariables.In(inside) ? inside : Expression.Constant(inside.Compile(), inside.Type);
        }

        // Quoted, a lambda is data; called where it stands, the compiler puts it in line.
        protected override Expression VisitUnary(UnaryExpression node) =>
            node.NodeType == ExpressionType.Quote ? node : base.VisitUnary(node);

        protected override Expression VisitInvocation(InvocationExpression node) =>
            node.Expression is LambdaExpression ? node : base.VisitInvocation(node);
    }

    private sealed class FreeVariables : ExpressionVisitor
    {
        private readonly HashSet<ParameterExpression> _bound = [];
        private bool _free;

        public static bool In(LambdaExpression lambda)
        {
            var finder = new FreeVariables();
            finder.Visit(lambda);
            return finder._free;
        }

        protected override Expression VisitLambda<T>(Expression<T> node)
        {
            _bound.UnionWith(node.Parameters);
            return base.VisitLambda(node);
        }

        protected override Expression VisitBlock(BlockExpression node)
        {
            _bound.UnionWith(node.Variables);
            return base.VisitBlock(node);
        }

        protected override CatchBlock VisitCatchBlock(CatchBlock node)
        {
            if (node.Variable is { } variable)
                _bound.Add(variable);
            return base.VisitCatchBlock(node);
        }

        protected override Expression VisitParameter(ParameterExpression node)
        {
            _free |= !_bound.Contains(node);
            return node;
        }
    }
}
#pragma warning restore EF9100
