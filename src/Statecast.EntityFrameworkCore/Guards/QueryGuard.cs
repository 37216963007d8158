using System.Linq.Expressions;
using Microsoft.EntityFrameworkCore;
using Microsoft.EntityFrameworkCore.Diagnostics;
using Microsoft.EntityFrameworkCore.Metadata;
using Microsoft.EntityFrameworkCore.Query.Internal;
using Statecast.EntityFrameworkCore.Shape;

namespace Statecast.EntityFrameworkCore.Guards;

/// <summary>
/// Refuses ExecuteUpdate and ExecuteDelete on published tables, and raw SQL in a query that writes one: they change rows past the save, so nothing
/// would be captured. Nor would what the database's cascades do when ExecuteDelete removes the rows they start from. Runs when a query is compiled; a refused one is never cached.
/// </summary>
internal sealed class QueryGuard : IQueryExpressionInterceptor
{
    public Expression QueryCompilationStarting(Expression queryExpression, QueryExpressionEventData eventData)
    {
        new RawSqlFinder(eventData.Context).Visit(queryExpression);
        if (
            queryExpression is MethodCallExpression { Method.Name: "ExecuteDelete" or "ExecuteUpdate" } call
            && PublishedTables.ShapeOf(eventData.Context) is { } shape
            && !QueryTag.IsOn(call, UncapturedExtensions.Tag)
        )
            foreach (var target in Targets(call, eventData.Context!.Model))
            {
                if (shape.Publishes(target))
                    throw new InvalidOperationException(
                        $"{call.Method.Name} on {target.ShortName()} is not captured: targets would not learn of the change. Change the rows through SaveChanges; or tag the query with {nameof(UncapturedExtensions.AllowUncaptured)}() and republish what it changed (IStatecast.RepublishAsync)."
                    );
                if (call.Method.Name == "ExecuteDelete" && shape.DeclaredCascadeFrom(target) is { } cascade)
                    throw new InvalidOperationException(
                        $"ExecuteDelete on {target.ShortName()} is not captured: the database cascades from {cascade.Described}, and targets would not learn of it. Delete the rows through SaveChanges; or tag the query with {nameof(UncapturedExtensions.AllowUncaptured)}() and republish what it reached (IStatecast.RepublishAsync)."
                    );
            }
        return queryExpression;
    }

    private static HashSet<IEntityType> Targets(MethodCallExpression call, IModel model)
    {
        var found = new HashSet<IEntityType>(model.FindEntityTypes(call.Arguments[0].Type.GetGenericArguments()[0]));
        if (call.Method.Name == "ExecuteDelete" || call.Arguments.Count < 2)
            return found;
        // Through a join or a projection the element type says nothing; the setters name what they change.
        var setters = new MemberOwners();
        setters.Visit(call.Arguments[1]);
        foreach (var owner in setters.Types)
            found.UnionWith(model.GetEntityTypes().Where(t => t.ClrType.IsAssignableTo(owner) || owner.IsAssignableTo(t.ClrType)));
        return found;
    }

    private sealed class MemberOwners : ExpressionVisitor
    {
        public HashSet<Type> Types { get; } = [];

        protected override Expression VisitMember(MemberExpression node)
        {
            if (node.Expression is { } owner and not ConstantExpression && !owner.Type.IsValueType && owner.Type != typeof(object))
                Types.Add(owner.Type);
            return base.VisitMember(node);
        }
    }

    private sealed class RawSqlFinder(DbContext? context) : ExpressionVisitor
    {
        protected override Expression VisitExtension(Expression node)
        {
            // There is no public way to see the text of a raw query. Only the text is read.
#pragma warning disable EF1001
            var sql = node switch
            {
                FromSqlQueryRootExpression root => root.Sql,
                SqlQueryRootExpression root => root.Sql,
                _ => null,
            };
#pragma warning restore EF1001
            if (sql is not null)
                RawSqlGuard.Check(sql, context);
            return base.VisitExtension(node);
        }
    }
}
